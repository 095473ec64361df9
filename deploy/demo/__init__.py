"""The demo: a real plan from Microsoft Project, and the story that is played over it."""
