"""The pauses between attempts: longer each time, and never longer than the maximum."""

from __future__ import annotations

from bot.messages.backoff import backoff


def test_each_pause_is_twice_as_long_up_to_the_maximum() -> None:
    pauses = [backoff(attempt, first_seconds=1, max_seconds=10) for attempt in range(1, 7)]
    assert pauses == [1, 2, 4, 8, 10, 10]


def test_no_number_of_attempts_is_too_large() -> None:
    assert backoff(10**6, first_seconds=0.3, max_seconds=60) == 60
