"""HTTP of credentials, a module for each noun."""
