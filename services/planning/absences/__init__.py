"""Absences: the days on which a resource is away, and what becomes of its work."""
