"""The shapes that travel between the gateway, Rasa's channel and the action server, and their one strict reader.

All three processes import this package; it imports none of them.
"""
