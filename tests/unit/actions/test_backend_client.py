"""The backend client, against the sandbox and against a server that misbehaves."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from tenacity import RetryCallState, wait_none

from actions.backend import FULL_JITTER, Backend, BackendError, ErrorKind, Timeouts
from tests.support.asgi_server import AsgiServer
from tests.support.faulty_server import Behaviour, FaultyReply, FaultyServer, faulty_server
from tests.support.sandbox import BACKEND_TOKEN, NUMBER, RunningSandbox, other_than

CLIENT = "simulator.sms:+819012345678"
QUICK = Timeouts(connect=0.5, total=0.3, budget=2)
VERIFIED = {"status": "verified", "receipt": "PV-1", "sms_two_factor": "unchanged"}


def quick(url: str, timeouts: Timeouts = QUICK) -> Backend:
    return Backend(url, BACKEND_TOKEN, timeouts=timeouts, wait=wait_none())


@asynccontextmanager
async def client_of(
    *behaviours: Behaviour, timeouts: Timeouts = QUICK
) -> AsyncIterator[tuple[Backend, FaultyServer]]:
    """Yield a client with short waits, and a server with these behaviours."""
    async with faulty_server(*behaviours) as server, quick(server.url, timeouts) as backend:
        yield backend, server


@pytest.fixture
async def backend(sandbox: RunningSandbox) -> AsyncIterator[Backend]:
    async with Backend(sandbox.url, sandbox.token) as client:
        yield client


async def failure(call: Any) -> BackendError:
    with pytest.raises(BackendError) as caught:
        await call
    return caught.value


async def test_a_number_is_verified_from_start_to_receipt(sandbox: RunningSandbox, backend: Backend) -> None:
    begun = await backend.start_verification(CLIENT, NUMBER, "m1:start")
    done = await backend.check(CLIENT, begun.id, sandbox.phone.next_code(), "m2:check")
    assert (begun.number_masked, begun.checks_left, begun.sends_left) == ("+81******5678", 5, 4)
    assert begun.expires_at - begun.resend_after == timedelta(minutes=8)
    assert begun.expires_at.utcoffset() == timedelta(0)
    assert done.receipt == sandbox.ledger()["verifications"][0]["receipt"]
    assert (done.in_force, done.sms_two_factor) == (False, "undisclosed")


async def test_a_code_can_be_resent_after_two_minutes(sandbox: RunningSandbox, backend: Backend) -> None:
    begun = await backend.start_verification(CLIENT, NUMBER, "m1:start")
    early = await failure(backend.resend(CLIENT, begun.id, "m2:resend"))
    assert early.kind is ErrorKind.RESEND_TOO_EARLY
    assert 100 < int(early.details["retry_after"]) <= 120
    sandbox.advance(120)
    assert (await backend.resend(CLIENT, begun.id, "m3:resend")).sends_left == 3


async def test_a_turn_that_runs_twice_writes_once(sandbox: RunningSandbox, backend: Backend) -> None:
    first = await backend.start_verification(CLIENT, NUMBER, "m1:start")
    assert await backend.start_verification(CLIENT, NUMBER, "m1:start") == first
    assert sandbox.ledger()["writes"] == 1


async def test_a_wrong_code_tells_how_many_tries_are_left(sandbox: RunningSandbox, backend: Backend) -> None:
    begun = await backend.start_verification(CLIENT, NUMBER, "m1:start")
    wrong = other_than(sandbox.phone.next_code())
    errors = [await failure(backend.check(CLIENT, begun.id, wrong, f"c{n}")) for n in range(5)]
    assert [error.details for error in errors[:4]] == [{"checks_left": left} for left in (4, 3, 2, 1)]
    assert [error.kind for error in errors] == [ErrorKind.WRONG_CODE] * 4 + [ErrorKind.LOCKED]


async def test_each_rule_of_the_backend_has_its_kind(sandbox: RunningSandbox, backend: Backend) -> None:
    assert (await failure(backend.check(CLIENT, "pv_x", "123456", "k1"))).kind is ErrorKind.NOT_FOUND
    assert (await failure(backend.start_verification(CLIENT, "+1", "k2"))).kind is ErrorKind.NUMBER_INVALID
    done = await backend.start_verification(CLIENT, NUMBER, "k3")
    code = sandbox.phone.next_code()
    await backend.check(CLIENT, done.id, code, "k4")
    assert (await failure(backend.check(CLIENT, done.id, code, "k5"))).kind is ErrorKind.ALREADY_VERIFIED
    late = await backend.start_verification(CLIENT, NUMBER, "k6")
    for n in range(4):
        sandbox.advance(120)
        await backend.resend(CLIENT, late.id, f"k7:{n}")
    sandbox.advance(120)
    assert (await failure(backend.resend(CLIENT, late.id, "k8"))).kind is ErrorKind.TOO_MANY_SENDS
    sandbox.advance(600)
    assert (await failure(backend.check(CLIENT, late.id, "123456", "k9"))).kind is ErrorKind.EXPIRED
    for n in range(3):
        await backend.start_verification(CLIENT, NUMBER, f"k10:{n}")
    many = await failure(backend.start_verification(CLIENT, NUMBER, "k11"))
    assert many.kind is ErrorKind.TOO_MANY_REQUESTS
    assert set(many.details) == {"retry_after"}


async def test_a_refusal_that_no_client_can_fix_is_refused(sandbox: RunningSandbox) -> None:
    async with Backend(sandbox.url, "wrong-token") as backend:
        assert (await failure(backend.resend(CLIENT, "pv_x", "k"))).kind is ErrorKind.REFUSED
    async with Backend(sandbox.url + "/no-such-path", sandbox.token) as backend:
        assert (await failure(backend.resend(CLIENT, "pv_x", "k"))).kind is ErrorKind.REFUSED


async def test_an_id_cannot_change_the_path(sandbox: RunningSandbox, backend: Backend) -> None:
    error = await failure(backend.check(CLIENT, "../../sandbox/clock?x=", "123456", "k"))
    assert error.kind is ErrorKind.REFUSED
    assert sandbox.ledger()["writes"] == 0


async def test_the_backends_wording_is_dropped() -> None:
    problem = {
        "code": "wrong_code",
        "title": "Falsch",
        "detail": "Falsch",
        "checks_left": 2,
        "retry_after": True,
    }
    async with client_of(FaultyReply(422, problem)) as (backend, server):
        error = await failure(backend.check(CLIENT, "pv_x", "123456", "k"))
    assert error.details == {"checks_left": 2}
    assert "Falsch" not in f"{error} {error!r}"
    assert error.request_id == server.requests[0].headers["x-request-id"]


@pytest.mark.parametrize(
    "failing",
    [
        FaultyReply(500),
        FaultyReply(502),
        FaultyReply(503),
        FaultyReply(504),
        FaultyReply(429),
        "hang",
        "trickle",
        "drop",
    ],
    ids=["500", "502", "503", "504", "429", "hang", "trickle", "drop"],
)
async def test_a_transient_failure_is_retried_under_the_same_key(failing: Behaviour) -> None:
    async with client_of(failing, failing, FaultyReply(200, VERIFIED)) as (backend, server):
        assert (await backend.check(CLIENT, "pv_x", "123456", "m7:check")).receipt == "PV-1"
    assert [request.headers["idempotency-key"] for request in server.requests] == ["m7:check"] * 3
    assert len({(request.path, request.body) for request in server.requests}) == 1


@pytest.mark.parametrize(
    "failing", [FaultyReply(503), FaultyReply(429), "hang", "drop"], ids=["503", "429", "hang", "drop"]
)
async def test_a_lasting_failure_is_unavailable_after_three_attempts(failing: Behaviour) -> None:
    async with client_of(failing) as (backend, server):
        assert (await failure(backend.resend(CLIENT, "pv_x", "m8"))).kind is ErrorKind.UNAVAILABLE
    assert [request.headers["idempotency-key"] for request in server.requests] == ["m8"] * 3


async def test_a_backend_that_does_not_listen_is_unavailable() -> None:
    silent = AsgiServer(None)
    async with quick(silent.url) as backend:
        assert (await failure(backend.resend(CLIENT, "pv_x", "k"))).kind is ErrorKind.UNAVAILABLE


async def test_a_refusal_by_a_rule_is_not_retried() -> None:
    refused = FaultyReply(429, {"code": "too_many_requests", "retry_after": 30})
    async with client_of(refused) as (backend, server):
        error = await failure(backend.resend(CLIENT, "pv_x", "k"))
    assert (error.kind, error.details) == (ErrorKind.TOO_MANY_REQUESTS, {"retry_after": 30})
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        FaultyReply(200, b"<html>"),
        FaultyReply(200, []),
        FaultyReply(200, {}),
        FaultyReply(200, {**VERIFIED, "receipt": ""}),
        FaultyReply(200, {**VERIFIED, "status": "pending"}),
        FaultyReply(302, b"", (("Location", "/elsewhere"),)),
    ],
    ids=["page", "list", "empty", "no receipt", "not verified", "redirect"],
)
async def test_an_answer_outside_the_contract_never_counts_as_done(answer: FaultyReply) -> None:
    async with client_of(answer) as (backend, server):
        assert (await failure(backend.check(CLIENT, "pv_x", "123456", "k"))).kind is ErrorKind.UNAVAILABLE
    assert len(server.requests) == 1


async def test_an_unknown_consequence_is_undisclosed() -> None:
    async with client_of(FaultyReply(200, {**VERIFIED, "sms_two_factor": "mandatory"})) as (backend, _):
        assert (await backend.check(CLIENT, "pv_x", "123456", "k")).sms_two_factor == "undisclosed"


async def test_a_call_ends_within_its_budget_however_slow_the_backend_is() -> None:
    async with client_of("hang", timeouts=Timeouts(total=0.8, budget=1.0)) as (backend, server):
        began = time.monotonic()
        assert (await failure(backend.resend(CLIENT, "pv_x", "k"))).kind is ErrorKind.UNAVAILABLE
        took = time.monotonic() - began
    # The second attempt is cut short: two whole ones would take 1.6 s, three 2.4 s.
    assert 0.95 < took < 1.5
    assert len(server.requests) == 2


def test_a_call_takes_at_most_12_s_and_waits_200_ms_to_2_s_between_attempts() -> None:
    assert Timeouts() == Timeouts(connect=1, total=5, budget=12)
    for attempt, max_wait in ((1, 1.0), (2, 2.0), (3, 2.0)):
        state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
        state.attempt_number = attempt
        waits = [FULL_JITTER(state) for _ in range(200)]
        assert min(waits) >= 0.2
        assert max(waits) <= max_wait
        assert len(set(waits)) > 100


async def test_a_code_is_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    for answer in (
        FaultyReply(422, {"code": "wrong_code", "checks_left": 4}),
        FaultyReply(503),
        FaultyReply(400),
        FaultyReply(200, b"x"),
    ):
        async with client_of(answer) as (backend, server):
            error = await failure(backend.check(CLIENT, "pv_x", "482913", "k"))
        assert b"482913" in server.requests[0].body
        assert error.__context__ is None
        shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
    assert "482913" not in caplog.text
    assert BACKEND_TOKEN not in caplog.text
    assert "482913" not in "".join(shown)


async def test_an_answer_is_immutable(backend: Backend) -> None:
    begun = await backend.start_verification(CLIENT, NUMBER, "k")
    with pytest.raises(AttributeError):
        begun.id = "other"  # type: ignore[misc]


async def test_the_environment_names_the_backend(sandbox: RunningSandbox) -> None:
    named = {"AUTH_BACKEND_URL": sandbox.url + "/", "AUTH_BACKEND_TOKEN": sandbox.token}
    async with Backend.from_environment(named) as backend:
        assert (await backend.start_verification(CLIENT, NUMBER, "k")).sends_left == 4


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"AUTH_BACKEND_TOKEN": "t"}, "AUTH_BACKEND_URL"),
        ({"AUTH_BACKEND_URL": "localhost:80", "AUTH_BACKEND_TOKEN": "t"}, "AUTH_BACKEND_URL"),
        ({"AUTH_BACKEND_URL": "http://127.0.0.1:1", "AUTH_BACKEND_TOKEN": " "}, "AUTH_BACKEND_TOKEN"),
    ],
)
def test_a_missing_or_wrong_setting_is_named(environment: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Backend.from_environment(environment)
