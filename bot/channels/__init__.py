"""Channels: who is calling, what they may see, and how a message looks on their screen."""
