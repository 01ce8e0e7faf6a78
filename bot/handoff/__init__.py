"""Hand-off to support agents: who owns a conversation, and the requests for a person."""
