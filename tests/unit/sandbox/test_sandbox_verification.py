"""Phone verifications: right and wrong codes, expiry, and what follows for a linked user."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tests.support.sandbox import NUMBER, OTHER_NUMBER, RunningSandbox, other_than


def test_the_right_code_verifies_the_number_and_gets_a_receipt(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    answer = sandbox.check(id, code)
    assert answer.status_code == 200
    assert answer.json()["status"] == "verified"
    assert answer.json()["receipt"].startswith("PV-")
    assert sandbox.ledger()["verifications"][0]["state"] == "verified"


def test_a_new_verification_has_its_limits_and_only_a_masked_number(sandbox: RunningSandbox) -> None:
    answer = sandbox.begin()
    now = datetime.now(timezone.utc)
    body = answer.json()
    assert answer.status_code == 201
    assert body["number_masked"] == "+81******5678"
    assert (body["checks_left"], body["sends_left"]) == (5, 4)
    ends = datetime.fromisoformat(body["expires_at"].replace("Z", "+00:00"))
    again = datetime.fromisoformat(body["resend_after"].replace("Z", "+00:00"))
    assert abs(ends - now - timedelta(minutes=10)) < timedelta(seconds=20)
    assert ends - again == timedelta(minutes=8)


def test_the_text_message_is_one_line_with_the_code(sandbox: RunningSandbox) -> None:
    sandbox.begin("simulator.telegram:7")
    sms = sandbox.phone.next_sms()
    code = sms["text"][:6]
    assert sms["text"] == f"{code} is your confirm code. It is valid for 10 minutes. Never share it."
    assert code.isdigit()
    assert (sms["client"], sms["to"]) == ("simulator.telegram:7", NUMBER)


def test_a_wrong_code_tells_how_many_tries_are_left(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    left = []
    for _ in range(4):
        answer = sandbox.check(id, other_than(code))
        assert answer.status_code == 422
        assert answer.json()["code"] == "wrong_code"
        left.append(answer.json()["checks_left"])
    assert left == [4, 3, 2, 1]
    assert sandbox.check(id, code).status_code == 200


def test_five_wrong_codes_lock_the_verification_even_for_the_right_one(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    answers = [sandbox.check(id, other_than(code)) for _ in range(5)]
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (423, "locked")
    right = sandbox.check(id, code)
    assert (right.status_code, right.json()["code"]) == (423, "locked")
    assert sandbox.resend(id).json()["code"] == "locked"


def test_a_text_that_is_no_code_never_verifies(sandbox: RunningSandbox) -> None:
    id, _ = sandbox.begun()
    for typed in ("", "12345", "1234567", "abcdef", "１２３４５６" * 4):
        answer = sandbox.check(id, typed)
        assert answer.status_code == 422
        assert answer.json()["code"] in {"wrong_code", "body_invalid"}
    assert sandbox.ledger()["verifications"][0]["state"] == "open"


def test_a_code_expires_after_ten_minutes(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    sandbox.advance(600)
    answer = sandbox.check(id, code)
    assert (answer.status_code, answer.json()["code"]) == (410, "expired")


def test_a_code_is_valid_until_its_tenth_minute_is_over(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    sandbox.advance(570)
    assert sandbox.check(id, code).status_code == 200


def test_a_code_works_once(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    sandbox.check(id, code)
    again = sandbox.check(id, code)
    assert (again.status_code, again.json()["code"]) == (409, "already_verified")
    assert sandbox.resend(id).json()["code"] == "already_verified"


def test_a_code_is_bound_to_its_own_verification(sandbox: RunningSandbox) -> None:
    first, first_code = sandbox.begun()
    second, second_code = sandbox.begun(OTHER_NUMBER)
    if first_code != second_code:
        assert sandbox.check(second, first_code).json()["code"] == "wrong_code"
    assert sandbox.check(second, second_code).status_code == 200
    assert sandbox.check(first, first_code).status_code == 200


@pytest.mark.parametrize("step", ["check", "resend"])
def test_an_unknown_verification_is_not_found(sandbox: RunningSandbox, step: str) -> None:
    answer = sandbox.check("pv_unknown", "123456") if step == "check" else sandbox.resend("pv_unknown")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_verifying_the_number_on_record_enrols_a_linked_user_without_a_device(
    sandbox: RunningSandbox,
) -> None:
    sandbox.link("rio13")
    id, code = sandbox.begun("+819012345613")
    done = sandbox.check(id, code).json()
    assert (done["standing"], done["sms_two_factor"]) == ("in_force", "enrolling")
    status = sandbox.read("/security-status").json()
    assert status["numbers"] == [{"number_masked": "+81******5613", "verified": True}]
    assert [device["kind"] for device in status["devices"]] == ["sms"]
    id, code = sandbox.begun("+819012345613")
    assert sandbox.check(id, code).json()["sms_two_factor"] == "unchanged"


def test_a_number_that_is_not_on_record_changes_nothing_for_the_user(sandbox: RunningSandbox) -> None:
    sandbox.link("rio13")
    before = sandbox.read("/security-status").json()
    id, code = sandbox.begun(NUMBER)
    done = sandbox.check(id, code).json()
    assert (done["standing"], done["sms_two_factor"]) == ("portal", "unchanged")
    assert sandbox.read("/security-status").json() == before


def test_a_chat_without_a_link_learns_nothing_about_the_user_of_a_number(sandbox: RunningSandbox) -> None:
    for number in ("+819012345613", NUMBER):
        id, code = sandbox.begun(number)
        done = sandbox.check(id, code).json()
        assert (done["standing"], done["sms_two_factor"]) == ("portal", "undisclosed")


def test_a_verification_belongs_to_the_chat_that_asked_for_it(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    other = "simulator.sms:other"
    for answer in (sandbox.check(id, code, client=other), sandbox.resend(id, client=other)):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert sandbox.check(id, code).status_code == 200


def test_a_restart_keeps_codes_failures_receipts_and_the_clock(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    sandbox.check(id, other_than(code))
    done, done_code = sandbox.begun(OTHER_NUMBER)
    receipt = sandbox.check(done, done_code).json()["receipt"]
    sandbox.advance(300)
    sandbox.restart()
    assert sandbox.check(id, other_than(code)).json()["checks_left"] == 3
    assert sandbox.ledger()["verifications"][1]["receipt"] == receipt
    sandbox.advance(300)
    assert sandbox.check(id, code).json()["code"] == "expired"
