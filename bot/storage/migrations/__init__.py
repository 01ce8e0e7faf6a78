"""Alembic's scripts: one file a step, from the first table on."""
