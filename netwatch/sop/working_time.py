"""Deadlines over working days and office hours (SOP.md section 6, deadline_vectors.yaml). Pure."""
