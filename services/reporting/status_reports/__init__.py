"""Status reports: drafted from frozen figures, signed by the project manager, rendered the same for ever."""
