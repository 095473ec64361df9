"""Responsibilities: who is responsible, accountable, consulted and informed for each part of the work."""
