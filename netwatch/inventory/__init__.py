"""Sites, devices, uplinks and risk groups: what exists and what hangs on what."""
