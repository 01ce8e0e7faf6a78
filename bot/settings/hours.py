"""When the support desk is open: DESK_HOURS and DESK_HOLIDAYS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ALWAYS = "always"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# How far ahead an opening is looked for: longer than any run of holidays.
DAYS_AHEAD = 60
MIDNIGHT = time(0)

_SPAN = re.compile(r"(\w{3})(?:-(\w{3}))? (\d\d:\d\d)-(\d\d:\d\d)")
_EXAMPLE = "such as `Mon-Fri 09:00-18:00, Sat 10:00-14:00 Asia/Tokyo`"


@dataclass(frozen=True)
class Span:
    """A stretch of one weekday (0 is Monday), to before `end`; an `end` of midnight is that of the day's end."""

    day: int
    begin: time
    end: time


@dataclass(frozen=True)
class Hours:
    """The desk's hours in its own time zone. Without spans it is open always. Times are UTC seconds since 1970."""

    spans: tuple[Span, ...] = ()
    zone: tzinfo = timezone.utc
    holidays: frozenset[date] = frozenset()

    def is_open(self, now: float) -> bool:
        """Whether the desk is open at `now`."""
        if not self.spans:
            return True
        there = datetime.fromtimestamp(now, self.zone)
        return any(begin <= there < end for begin, end in self._of(there.date()))

    def opens_at(self, now: float) -> float | None:
        """When the desk opens next; None when it is open, or does not open within DAYS_AHEAD days."""
        if self.is_open(now):
            return None
        there = datetime.fromtimestamp(now, self.zone)
        for ahead in range(DAYS_AHEAD):
            begins = [begin for begin, _ in self._of(there.date() + timedelta(days=ahead)) if begin > there]
            if begins:
                return min(begins).timestamp()
        return None

    def local(self, at: float) -> datetime:
        """The moment `at` on the desk's own clock."""
        return datetime.fromtimestamp(at, self.zone)

    def _of(self, day: date) -> list[tuple[datetime, datetime]]:
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


def hours(text: str) -> Hours:
    """Reads DESK_HOURS; the ValueError finishes the sentence "DESK_HOURS must be ..."."""
    if text == ALWAYS:
        return Hours()
    listed, _, zone = text.rpartition(" ")
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`always`, or hours with a time zone at the end, {_EXAMPLE}") from None
    spans: list[Span] = []
    for part in listed.split(","):
        found = _SPAN.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"`always`, or hours {_EXAMPLE}; {part.strip()!r} is neither")
        first, last = _day(found[1]), _day(found[2] or found[1])
        begin, end = _time(found[3]), _time(found[4])
        if end <= begin and end != MIDNIGHT:
            raise ValueError(f"hours that end after they begin, which {part.strip()!r} does not")
        spans += [Span((first + ahead) % 7, begin, end) for ahead in range((last - first) % 7 + 1)]
    return Hours(tuple(spans), there)


def holidays(text: str) -> frozenset[date]:
    """Reads DESK_HOLIDAYS; the ValueError finishes the sentence "DESK_HOLIDAYS must be ..."."""
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
