"""The process that hears traps: its socket, who may call, storms, and the line on which it wakes the monitor."""
