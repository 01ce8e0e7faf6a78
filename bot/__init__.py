"""The gateway: channels, inbox and outbox, ownership of conversations, and the desk."""
