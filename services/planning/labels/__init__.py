"""Labels: the words of a project for its tasks, with their colours."""
