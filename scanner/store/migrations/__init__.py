"""Migrations of a store, run by Alembic: one module for each revision, numbered, never changed once released."""
