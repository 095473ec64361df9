"""Scope: the work breakdown structure that the schedule's tasks hang in."""
