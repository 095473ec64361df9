"""Meetings from the call to the signed minutes, whose decisions and actions take effect elsewhere."""
