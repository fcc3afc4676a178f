"""A city that does not exist: the real pipeline on a simulated network and clock."""
