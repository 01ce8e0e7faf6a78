"""The one clock of the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone


class Clock:
    """Tells the time, in seconds since 1970 (UTC), to the millisecond.

    The offset lets tests move the sandbox into the future; the caller keeps it in the database, so that
    a restart does not bring expired codes back to life.
    """

    def __init__(self, offset_seconds: float = 0.0, source: Callable[[], float] = time.time) -> None:
        self._offset = offset_seconds
        self._source = source

    def now(self) -> float:
        return round(self._source() + self._offset, 3)

    @property
    def offset_seconds(self) -> float:
        return self._offset

    def move_to_offset(self, seconds: float) -> None:
        """Set how far the clock is ahead of the machine's."""
        self._offset = seconds


def iso(moment: float) -> str:
    """Write seconds since 1970 as RFC 3339 in UTC, for instance 2027-01-31T09:30:00.000Z."""
    text = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
