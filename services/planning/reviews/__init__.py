"""Reviews: what a decision was to bring about, compared with what has come of it."""
