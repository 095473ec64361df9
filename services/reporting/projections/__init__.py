"""Read tables built from the facts of the other services alone; each can be emptied and built again to the same bytes."""
