"""The way through: a table that names the owner of each noun, and the pipe that carries a request to it."""
