"""Resources: who and what the work takes, and their assignments to tasks."""
