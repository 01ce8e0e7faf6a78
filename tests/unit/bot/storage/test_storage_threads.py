"""The database's threads: what is urgent goes first, the rest in order, and nothing is lost at the end."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from bot.storage.threads import URGENT, Threads


def test_what_is_urgent_goes_before_what_waits_and_the_rest_keeps_its_order() -> None:
    threads = Threads(1)
    begin = threading.Event()
    done: list[str] = []
    threads.submit(begin.wait)
    waiting = [threads.submit(partial(done.append, name)) for name in ("first", "second")]
    urgent = [threads.submit(partial(done.append, name), URGENT) for name in ("urgent", "urgent too")]
    begin.set()
    for each in (*waiting, *urgent):
        each.result(10)
    assert done == ["urgent", "urgent too", "first", "second"]
    threads.close()


def test_an_error_is_the_callers_and_the_thread_goes_on() -> None:
    threads = Threads(1)

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        threads.submit(fail).result(10)
    assert threads.submit(lambda: 7).result(10) == 7
    threads.close()


def test_closing_waits_for_everything_and_takes_nothing_more() -> None:
    threads = Threads(3)
    given = [threads.submit(partial(int, n)) for n in range(50)]
    threads.close()
    assert [each.result(0) for each in given] == list(range(50))
    with pytest.raises(RuntimeError, match="closed"):
        threads.submit(lambda: None)
