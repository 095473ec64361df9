"""Acts on many tasks as one: shifted, moved in the outline, copied, deleted, given to another resource."""
