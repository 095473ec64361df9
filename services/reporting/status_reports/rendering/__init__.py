"""Rendering of a status report from its frozen figures alone, as one HTML page or one PDF of the same content."""
