"""The circuit breaker: no client waits for a backend that is down, and one call at a time probes it."""

from __future__ import annotations

import pytest
from tenacity import wait_none

from actions.backend import Backend, BackendError, Breaker, ErrorKind, Timeouts
from actions.backend.breaker import MAX_FAILURES, OPEN_SECONDS
from tests.support.faulty_server import FaultyReply, faulty_server

LINK = {"state": "none", "username_masked": None, "expires_at": None, "ended": None}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        assert breaker.allows_call()
        breaker.record_failure()


def test_it_opens_after_five_failures_in_a_row(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES - 1)
    assert breaker.allows_call()
    breaker.record_success()
    fail(breaker, MAX_FAILURES)
    assert not breaker.allows_call()


def test_after_the_open_time_one_call_at_a_time_probes(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES)
    clock.now = OPEN_SECONDS * 0.79
    assert not breaker.allows_call()
    clock.now = OPEN_SECONDS * 1.21
    assert breaker.allows_call()
    assert not breaker.allows_call()
    breaker.record_success()
    assert breaker.allows_call()
    assert breaker.allows_call()


def test_a_failed_probe_opens_it_again(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES)
    clock.now = OPEN_SECONDS * 1.21
    fail(breaker, 1)
    assert not breaker.allows_call()
    clock.now *= 2
    assert breaker.allows_call()


async def test_while_it_is_open_the_backend_gets_no_calls(clock: Clock) -> None:
    failures = [FaultyReply(503)] * (3 * MAX_FAILURES)
    async with faulty_server(*failures, FaultyReply(200, LINK)) as server:
        timeouts = Timeouts(connect=0.5, total=1, budget=2)
        async with Backend(
            server.url, "t", timeouts=timeouts, wait=wait_none(), breaker=Breaker(clock)
        ) as backend:
            for _ in range(MAX_FAILURES + 3):
                with pytest.raises(BackendError) as caught:
                    await backend.link("c")
                assert caught.value.kind is ErrorKind.UNAVAILABLE
            assert len(server.requests) == 3 * MAX_FAILURES
            clock.now = OPEN_SECONDS * 1.21
            assert (await backend.link("c")).state == "none"
