"""The inbox and the outbox: everything that comes in or goes out is written down once, here."""
