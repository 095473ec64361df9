"""Custom fields: what a project wants to know of its tasks besides, filled in by people or computed by formulas."""
