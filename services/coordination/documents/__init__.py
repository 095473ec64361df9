"""Documents: numbered versions with their fingerprints, and who outside may see them."""
