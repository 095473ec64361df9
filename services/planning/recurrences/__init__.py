"""Recurrences: a summary with an ordinary task for each day on which something is done again."""
