"""Boards: the tasks of a project as cards in columns, in an order that people give them."""
