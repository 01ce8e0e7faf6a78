"""The one clock of the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone


class AdjustableClock:
    """Returns the time in seconds since 1970 (UTC), rounded to milliseconds, plus an offset.

    Tests use the offset to move the sandbox into the future. The caller stores it in the database, so that a restart
    does not revive expired codes.
    """

    def __init__(self, offset_seconds: float = 0.0, source: Callable[[], float] = time.time) -> None:
        self._offset = offset_seconds
        self._source = source

    def now(self) -> float:
        """Return the sandbox's time."""
        return round(self._source() + self._offset, 3)

    @property
    def offset_seconds(self) -> float:
        """How far the clock is ahead of the machine's."""
        return self._offset

    def set_offset(self, seconds: float) -> None:
        """Set how far the clock is ahead of the machine's."""
        self._offset = seconds


def to_rfc3339(moment: float) -> str:
    """Format seconds since 1970 as RFC 3339 in UTC, such as 2027-01-31T09:30:00.000Z."""
    text = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
