"""Staffing: what a project asks the line for, and how the two come to an agreement."""
