"""Contracts: with whom, for what money, what is due when, and what was agreed upon later."""
