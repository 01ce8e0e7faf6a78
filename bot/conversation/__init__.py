"""Turns: from an inbound message to its replies, and the directives of the dialogue engine."""
