"""Decisions: what was chosen, by whom, on what grounds."""
