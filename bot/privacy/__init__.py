"""What must not be written down: found and taken out before the first write."""
