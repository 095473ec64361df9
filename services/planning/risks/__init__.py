"""Risks: what may happen, what it would do to time and money, and what is done about it."""
