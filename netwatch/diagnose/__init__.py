"""From one frozen snapshot to ranked causes. Pure."""
