"""A write with one Idempotency-Key is done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.sandbox import NUMBER, OTHER_NUMBER, RunningSandbox, other_than


@pytest.mark.parametrize("path", ["", "/pv_x/resend", "/pv_x/check"], ids=["start", "resend", "check"])
def test_every_write_needs_an_idempotency_key(sandbox: RunningSandbox, path: str) -> None:
    for key in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 201}):
        headers = {"Client-Reference": "c", **key}
        answer = sandbox.http.post(f"/v1/phone-verifications{path}", json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_a_repeated_start_gets_the_same_answer_and_sends_one_code(sandbox: RunningSandbox) -> None:
    first = sandbox.begin(key="c1:start")
    sandbox.advance(30)
    again = sandbox.begin(key="c1:start")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert sandbox.ledger()["writes"] == len(sandbox.ledger()["sms"]) == 1


def test_a_repeated_wrong_code_counts_once(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    answers = [sandbox.check(id, other_than(code), key="c2:check") for _ in range(6)]
    assert [answer.json()["checks_left"] for answer in answers] == [4] * 6
    assert sandbox.check(id, code).status_code == 200


def test_a_repeated_right_code_gets_the_same_receipt(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    first = sandbox.check(id, code, key="c3:check").json()
    sandbox.advance(3600)
    assert sandbox.check(id, code, key="c3:check").json() == first


def test_a_repeated_resend_sends_one_code(sandbox: RunningSandbox) -> None:
    id, _ = sandbox.begun()
    sandbox.advance(120)
    answers = [sandbox.resend(id, key="c4:resend").json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(sandbox.ledger()["sms"]) == 2


def test_a_key_of_another_request_is_refused_and_changes_nothing(sandbox: RunningSandbox) -> None:
    id = sandbox.begin(key="c5").json()["id"]
    others = [
        sandbox.begin(number=OTHER_NUMBER, key="c5"),
        sandbox.resend(id, key="c5"),
        sandbox.check(id, "123456", key="c5"),
    ]
    for answer in others:
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert sandbox.ledger()["writes"] == 1
    assert sandbox.ledger()["verifications"][0]["failures"] == 0


def test_a_key_of_another_chat_is_refused(sandbox: RunningSandbox) -> None:
    sandbox.begin("simulator.sms:a", key="c5")
    answer = sandbox.begin("simulator.sms:b", key="c5")
    assert answer.json()["code"] == "idempotency_key_reused"


def test_white_space_in_the_body_does_not_make_another_request(sandbox: RunningSandbox) -> None:
    headers = {"Idempotency-Key": "c6", "Client-Reference": "c", "Content-Type": "application/json"}
    bodies = [f'{{"number": "{NUMBER}"}}', f'{{\n"number":"{NUMBER}"}}']
    answers = [sandbox.http.post("/v1/phone-verifications", content=body, headers=headers) for body in bodies]
    assert answers[0].json() == answers[1].json()


def test_simultaneous_requests_under_one_key_are_one_write(sandbox: RunningSandbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sandbox.begin(key="c7"), range(8)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(sandbox.ledger()["sms"]) == 1


def test_simultaneous_guesses_cannot_outrun_the_lock(sandbox: RunningSandbox) -> None:
    id, code = sandbox.begun()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sandbox.check(id, other_than(code)), range(12)))
    codes = [answer.json()["code"] for answer in answers]
    assert codes.count("wrong_code") == 4
    assert codes.count("locked") == 8
    assert sandbox.ledger()["verifications"][0]["failures"] == 5


def test_stored_answers_survive_a_restart(sandbox: RunningSandbox) -> None:
    first = sandbox.begin(key="c8").json()
    sandbox.restart()
    assert sandbox.begin(key="c8").json() == first
    assert sandbox.ledger()["writes"] == 1
