"""Checklists: the small things that belong to a task, ticked off one by one."""
