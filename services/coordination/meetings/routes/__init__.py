"""HTTP of this area, a file per noun: path, status, one call."""
