"""The settings of the desk: opening hours, and one clear line for an invalid value."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.settings import Settings, SettingsError
from bot.settings.hours import Hours, parse_holidays, parse_hours

TOKYO = ZoneInfo("Asia/Tokyo")
OFFICE = parse_hours("Mon-Fri 09:00-18:00, Sat 10:00-14:00 Asia/Tokyo")


def at(*when: int, zone: ZoneInfo = TOKYO) -> float:
    return datetime(*when, tzinfo=zone).timestamp()  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ((2026, 11, 23, 8, 59), False),
        ((2026, 11, 23, 9, 0), True),
        ((2026, 11, 23, 17, 59), True),
        ((2026, 11, 23, 18, 0), False),
        ((2026, 11, 28, 10, 0), True),
        ((2026, 11, 28, 14, 0), False),
        ((2026, 11, 29, 12, 0), False),
    ],
)
def test_the_desk_is_open_by_local_time(when: tuple[int, ...], is_open: bool) -> None:
    assert OFFICE.is_open(at(*when)) == is_open


def test_the_next_opening_skips_nights_weekends_and_holidays() -> None:
    rest = Hours(OFFICE.spans, OFFICE.zone, parse_holidays("2026-11-30, 2026-12-01"))
    assert OFFICE.opens_at(at(2026, 11, 23, 12, 0)) is None
    assert OFFICE.opens_at(at(2026, 11, 23, 19, 0)) == at(2026, 11, 24, 9, 0)
    assert rest.opens_at(at(2026, 11, 28, 15, 0)) == at(2026, 12, 2, 9, 0)
    assert not rest.is_open(at(2026, 11, 30, 12, 0))
    assert rest.holidays == {date(2026, 11, 30), date(2026, 12, 1)}


def test_hours_follow_local_time_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    there = parse_hours("Mon-Sun 09:00-17:00 Europe/Berlin")
    for day in (24, 25, 26):
        assert there.is_open(at(2026, 10, day, 9, 0, zone=berlin))
        assert not there.is_open(at(2026, 10, day, 8, 59, zone=berlin))


def test_a_day_may_end_at_midnight_and_a_span_may_cross_the_end_of_the_week() -> None:
    late = parse_hours("Sat-Mon 12:00-24:00 UTC")
    utc = ZoneInfo("UTC")
    assert late.is_open(at(2026, 11, 22, 23, 59, zone=utc))
    assert not late.is_open(at(2026, 11, 24, 12, 0, zone=utc))
    assert parse_hours("always").is_open(0.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DESK_HOURS", "9 to 5"),
        ("DESK_HOURS", "Mon-Fri 09:00-18:00"),
        ("DESK_HOURS", "Mon-Fri 09:00-18:00 Mars/Base"),
        ("DESK_HOURS", "Mon-Fri 18:00-09:00 UTC"),
        ("DESK_HOURS", "Mon-Fri 09:00-25:00 UTC"),
        ("DESK_HOURS", "Lun-Ven 09:00-18:00 UTC"),
        ("DESK_HOLIDAYS", "christmas"),
        ("DESK_QUEUE_LIMIT", "0"),
        ("DESK_KEY", "short"),
        ("DESK_WEBHOOK_URL", "https://example.com/hook"),
        ("CHATWOOT_URL", "https://chatwoot.example.com"),
    ],
)
def test_an_invalid_value_is_one_line_that_names_the_setting(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.read({name: value}, tmp_path / "none.env")
    assert name.partition("_")[0] in str(error.value)
    assert "\n" not in str(error.value)


def test_without_settings_the_desk_is_always_open_and_has_no_webhook(tmp_path: Path) -> None:
    desk = Settings.read({}, tmp_path / "none.env").desk
    assert desk.hours == Hours()
    assert desk.webhook_url is None
    assert desk.chatwoot is None
