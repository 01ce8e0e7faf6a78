"""The support desk: agents' accounts, the pages under /desk/, and the way to desks elsewhere."""
