"""The inbox and the outbox: all messages, stored once, and the queues that work on them."""
