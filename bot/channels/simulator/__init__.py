"""Telegram and SMS without Telegram and a carrier: two phones in a page, through the same inbox and outbox."""
