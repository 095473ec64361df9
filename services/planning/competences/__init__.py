"""Competences: what people can and may do, until when, what work asks for it, and who could do it."""
