"""Telegram, as it really is: webhook or long polling into the inbox, and a sender that knows the platform's limits."""
