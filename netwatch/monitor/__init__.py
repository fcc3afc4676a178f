"""The probing process: schedule, pipeline, metrics, service."""
