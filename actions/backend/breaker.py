"""A circuit breaker: while the backend is down nobody waits for it, and it is left in peace to get up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

FAILURES = 5
OPEN_SECONDS = 30.0


class Breaker:
    """Opens after FAILURES calls in a row that failed with all their tries; then one call at a time may probe.

    It stays open for OPEN_SECONDS, a fifth more or less, so that several action servers do not probe together.
    `clock` gives seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    def lets_through(self) -> bool:
        """Whether a call may be made now. Who is let through reports with `worked` or `failed`."""
        if self._failures < FAILURES:
            return True
        if self._probing or self._clock() < self._open_until:
            return False
        self._probing = True
        return True

    def worked(self) -> None:
        """The backend gave an answer."""
        self._failures = 0
        self._probing = False

    def failed(self) -> None:
        """The backend gave none."""
        self._failures += 1
        self._probing = False
        if self._failures >= FAILURES:
            # Jitter, nothing secret.
            self._open_until = self._clock() + OPEN_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
