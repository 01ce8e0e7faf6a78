"""Hand-off to support agents: ownership of conversations, and requests for a person."""
