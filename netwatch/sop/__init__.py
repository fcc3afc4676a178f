"""The procedure: steps, roles, guards, deadlines. Pure."""
