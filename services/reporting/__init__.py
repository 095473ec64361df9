"""Reporting: projections of what planning and coordination publish, dashboards over them, signed status reports."""
