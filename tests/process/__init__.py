"""The real daemon as a process of its own on loopback: how it starts, is told, is starved, is paused, and ends."""
