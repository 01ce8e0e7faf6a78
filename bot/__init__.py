"""The gateway: channels, the inbox and outbox, and whose turn it is. It never imports Rasa."""
