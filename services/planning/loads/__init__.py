"""Loads: what resources have to do when, what they have time for, and what it costs by its time."""
