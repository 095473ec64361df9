"""Resource levelling: moving work in time so that nobody has more to do than there is time for."""
