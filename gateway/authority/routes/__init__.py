"""HTTP of the authority desk, one module per noun."""
