"""The directory: tenants, people, memberships, tokens."""
