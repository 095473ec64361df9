"""Gates between the phases of a project, and the passages that are decided at them."""
