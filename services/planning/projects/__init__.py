"""Projects with their goals and success criteria."""
