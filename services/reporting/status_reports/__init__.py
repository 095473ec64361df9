"""Status reports: drafted by a coordinator over computed figures, signed by a manager, published to an audience."""
