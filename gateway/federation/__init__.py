"""Signing in by a tenant's own identity providers (OpenID Connect)."""
