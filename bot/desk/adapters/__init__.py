"""Adapters for external desks."""
