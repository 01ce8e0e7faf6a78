"""The pause before the next attempt, wherever the gateway tries again."""

from __future__ import annotations

MAX_DOUBLINGS = 30


def backoff(attempt: int, *, first_seconds: float, max_seconds: float) -> float:
    """Return the seconds to wait after the `attempt`-th try (from 1): twice as long each time, up to the maximum."""
    return min(max_seconds, first_seconds * 2.0 ** min(max(attempt - 1, 0), MAX_DOUBLINGS))
