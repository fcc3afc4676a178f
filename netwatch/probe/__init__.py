"""One measurement each, returned as observations."""
