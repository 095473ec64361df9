"""Conflicts: who wants what of the same resource, date, scope or contract, and how it was ruled."""
