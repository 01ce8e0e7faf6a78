"""When the support desk is open: DESK_HOURS and DESK_HOLIDAYS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ALWAYS = "always"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Longer than any sequence of holidays.
MAX_DAYS_AHEAD = 60
MIDNIGHT = time(0)

_SPAN = re.compile(r"(\w{3})(?:-(\w{3}))? (\d\d:\d\d)-(\d\d:\d\d)")
_EXAMPLE = "such as `Mon-Fri 09:00-18:00, Sat 10:00-14:00 Asia/Tokyo`"


@dataclass(frozen=True)
class Span:
    """Opening hours on one weekday (0 is Monday). `end` is exclusive; midnight means the end of the day."""

    day: int
    begin: time
    end: time


@dataclass(frozen=True)
class Hours:
    """The opening hours of the desk in its time zone; no spans mean always. Times are UTC seconds since 1970."""

    spans: tuple[Span, ...] = ()
    zone: tzinfo = timezone.utc
    holidays: frozenset[date] = frozenset()

    def is_open(self, now: float) -> bool:
        """Return whether the desk is open at `now`."""
        if not self.spans:
            return True
        local = datetime.fromtimestamp(now, self.zone)
        return any(begin <= local < end for begin, end in self._spans_on(local.date()))

    def opens_at(self, now: float) -> float | None:
        """Return when the desk opens next; None if it is open or does not open within MAX_DAYS_AHEAD days."""
        if self.is_open(now):
            return None
        local = datetime.fromtimestamp(now, self.zone)
        for ahead in range(MAX_DAYS_AHEAD):
            begins = [
                begin for begin, _ in self._spans_on(local.date() + timedelta(days=ahead)) if begin > local
            ]
            if begins:
                return min(begins).timestamp()
        return None

    def local(self, at: float) -> datetime:
        """Convert `at` to local time of the desk."""
        return datetime.fromtimestamp(at, self.zone)

    def _spans_on(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.holidays:
            return []
        return [
            (
                datetime.combine(day, span.begin, self.zone),
                datetime.combine(day + timedelta(days=span.end == MIDNIGHT), span.end, self.zone),
            )
            for span in self.spans
            if span.day == day.weekday()
        ]


def parse_hours(text: str) -> Hours:
    """Parse DESK_HOURS. The message of the ValueError ends the sentence "DESK_HOURS must be ..."."""
    if text == ALWAYS:
        return Hours()
    listed, _, zone = text.rpartition(" ")
    try:
        zone_info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`always`, or hours with a time zone at the end, {_EXAMPLE}") from None
    spans: list[Span] = []
    for part in listed.split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"`always`, or hours {_EXAMPLE}; {part.strip()!r} is neither")
        first, last = _day(match[1]), _day(match[2] or match[1])
        begin, end = _time(match[3]), _time(match[4])
        if end <= begin and end != MIDNIGHT:
            raise ValueError(f"hours that end after they begin, which {part.strip()!r} does not")
        spans += [Span((first + ahead) % 7, begin, end) for ahead in range((last - first) % 7 + 1)]
    return Hours(tuple(spans), zone_info)


def parse_holidays(text: str) -> frozenset[date]:
    """Parse DESK_HOLIDAYS. The message of the ValueError ends the sentence "DESK_HOLIDAYS must be ..."."""
    try:
        return frozenset(date.fromisoformat(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("dates such as 2027-01-01, with commas between them") from None


def _day(name: str) -> int:
    if name not in DAYS:
        raise ValueError(f"hours with weekdays {', '.join(DAYS)}, and {name!r} is none")
    return DAYS.index(name)


def _time(text: str) -> time:
    try:
        return MIDNIGHT if text == "24:00" else time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"hours with times from 00:00 to 24:00, and {text!r} is none") from None
