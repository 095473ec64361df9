"""The merged description, the API reference page and the problem catalogue."""
