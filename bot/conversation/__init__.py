"""Whose turn it is, and what is said: the worker, the turn, and what the dialogue engine asks the gateway to do."""
