"""A stand-in for the brokerage's auth backend: a real HTTP service with its own database.

It keeps the contract that `actions.backend` is written against, so that the assistant can be run and
tested end to end without the brokerage. Start it with `python -m sandbox.server`.
"""
