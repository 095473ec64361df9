"""Readiness: what those who do a task have to know and have before it starts, and who makes it ready until when."""
