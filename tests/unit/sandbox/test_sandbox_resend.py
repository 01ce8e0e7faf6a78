"""Resending codes."""

from __future__ import annotations

import pytest

from tests.support.sandbox import RunningSandbox, other_than


def test_a_code_is_not_resent_within_two_minutes(sandbox: RunningSandbox) -> None:
    id, _ = sandbox.begun()
    sandbox.advance(60)
    answer = sandbox.resend(id)
    assert (answer.status_code, answer.json()["code"]) == (429, "resend_too_early")
    assert 50 <= answer.json()["retry_after"] <= 60
    assert answer.headers["Retry-After"] == str(answer.json()["retry_after"])
    assert len(sandbox.ledger()["sms"]) == 1


def test_after_two_minutes_a_new_code_replaces_the_old_one(sandbox: RunningSandbox) -> None:
    id, old = sandbox.begun()
    sandbox.advance(120)
    answer = sandbox.resend(id)
    new = sandbox.phone.next_code()
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["sends_left"]) == (id, 3)
    if old != new:
        assert sandbox.check(id, old).json()["code"] == "wrong_code"
    assert sandbox.check(id, new).status_code == 200


def test_a_new_code_does_not_reset_the_failures_of_the_old_one(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    for _ in range(4):
        sandbox.check(id, other_than(code))
    sandbox.advance(120)
    assert sandbox.resend(id).json()["checks_left"] == 1
    new = sandbox.phone.next_code()
    assert sandbox.check(id, other_than(new)).json()["code"] == "locked"


def test_a_new_code_is_valid_for_ten_minutes_even_after_the_old_one_expired(
    sandbox: RunningSandbox,
) -> None:
    id, old = sandbox.begun()
    sandbox.advance(700)
    assert sandbox.check(id, old).json()["code"] == "expired"
    assert sandbox.resend(id).status_code == 200
    new = sandbox.phone.next_code()
    sandbox.advance(570)
    assert sandbox.check(id, new).status_code == 200


def test_at_most_five_codes_are_sent_for_a_verification(sandbox: RunningSandbox) -> None:
    id, _ = sandbox.begun()
    left = []
    for _ in range(4):
        sandbox.advance(120)
        left.append(sandbox.resend(id).json()["sends_left"])
    assert left == [3, 2, 1, 0]
    sandbox.advance(120)
    answer = sandbox.resend(id)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_sends")
    assert len(sandbox.ledger()["sms"]) == 5


def test_the_last_code_works_when_no_more_can_be_sent(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    for _ in range(4):
        sandbox.advance(120)
        sandbox.resend(id)
        code = sandbox.phone.next_code()
    assert sandbox.resend(id).json()["code"] == "too_many_sends"
    assert sandbox.check(id, code).status_code == 200


@pytest.mark.parametrize("seconds", [0, 110])
def test_a_refused_resend_leaves_the_code_valid(sandbox: RunningSandbox, seconds: int) -> None:
    id, code = sandbox.begun()
    sandbox.advance(seconds)
    assert sandbox.resend(id).json()["code"] == "resend_too_early"
    assert sandbox.check(id, code).status_code == 200
