"""Migrations of the database, run from code by `store.upgrade`; there is no alembic.ini."""
