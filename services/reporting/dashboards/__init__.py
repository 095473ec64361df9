"""Dashboards: a project measured against its plan at any status date."""
