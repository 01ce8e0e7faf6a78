"""Desks on which agents work: the built-in one, and desks elsewhere, behind the same five calls."""
