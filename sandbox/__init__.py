"""A stand-in for the brokerage's auth backend: an HTTP service with a database of its own.

It implements the contract that `actions.backend` calls (openapi.yaml), so that the assistant runs and is tested end to
end without the brokerage. Start it with `python -m sandbox.server`.
"""
