"""Makers of test data: a world with a tenant, its people and a project, and the facts that tell services of it."""
