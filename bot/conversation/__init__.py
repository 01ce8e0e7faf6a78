"""Turns: the way of an inbound message to its replies, and what the dialogue engine asks the gateway to do."""
