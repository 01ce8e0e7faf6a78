"""A circuit breaker: while the backend is down no client waits for it, and it gets no calls that could hold it down."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

MAX_FAILURES = 5
OPEN_SECONDS = 30.0


class Breaker:
    """Opens after MAX_FAILURES calls in a row that failed with all their retries; then probes with one call at a time.

    It stays open for OPEN_SECONDS, plus or minus a fifth, so that several action servers do not probe together.
    `clock` returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    def allows_call(self) -> bool:
        """Whether a call may be made now. The caller must then record its success or its failure."""
        if self._failures < MAX_FAILURES:
            return True
        if self._probing or self._clock() < self._open_until:
            return False
        self._probing = True
        return True

    def record_success(self) -> None:
        """Close: the backend answered."""
        self._failures = 0
        self._probing = False

    def record_failure(self) -> None:
        """Count a call that got no answer, and open after MAX_FAILURES."""
        self._failures += 1
        self._probing = False
        if self._failures >= MAX_FAILURES:
            # Jitter, nothing secret.
            self._open_until = self._clock() + OPEN_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
