"""The support desk: agents' accounts, the pages under /desk/, and adapters for external desks."""
