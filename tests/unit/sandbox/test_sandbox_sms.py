"""Text messages are delivered in order, retried, and given up after two minutes."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Connection, RowMapping

from sandbox.delivery_queue import list_heads, retry
from sandbox.schema import sms
from sandbox.server_key import ServerKey
from sandbox.sms_queue import CodeMessage, SmsQueue, enqueue_sms
from sandbox.sqlite_storage import SqliteStorage
from sandbox.statuses import CodePurpose
from tests.support.sandbox import NUMBER, OTHER_NUMBER, RunningSandbox, running_sandbox


def list_states(sandbox: RunningSandbox) -> list[str]:
    return [sms["state"] for sms in sandbox.ledger()["sms"]]


def test_a_phone_that_is_down_at_first_gets_the_message_later(sandbox: RunningSandbox) -> None:
    sandbox.phone.refuse()
    id = sandbox.begin().json()["id"]
    sandbox.phone.wait_for_tries(2)
    sandbox.phone.take()
    code = sandbox.phone.next_code()
    assert sandbox.check(id, code).status_code == 200


def test_a_message_reaches_a_phone_whose_server_starts_after_it_was_queued(tmp_path: Path) -> None:
    sandbox = RunningSandbox(tmp_path)
    sandbox.start()
    try:
        id = sandbox.begin().json()["id"]
        with sandbox.phone.server:
            assert sandbox.check(id, sandbox.phone.next_code()).status_code == 200
    finally:
        sandbox.stop()


def test_a_message_whose_acknowledgement_was_lost_is_sent_again_under_its_id(sandbox: RunningSandbox) -> None:
    sandbox.phone.status = 500
    sandbox.begin()
    first = sandbox.phone.next_sms()
    sandbox.phone.take()
    assert sandbox.phone.next_sms() == first


def test_messages_to_one_client_keep_their_order(sandbox: RunningSandbox) -> None:
    sandbox.phone.refuse()
    sandbox.begin()
    sandbox.begin(number=OTHER_NUMBER)
    sandbox.phone.wait_for_tries(3)
    sandbox.phone.take()
    assert [sandbox.phone.next_sms()["to"] for _ in range(2)] == ["+819012345678", OTHER_NUMBER]


def test_a_message_is_given_up_after_two_minutes(sandbox: RunningSandbox) -> None:
    sandbox.phone.refuse()
    sandbox.begin()
    sandbox.phone.wait_for_tries(1)
    sandbox.advance(120)
    # A message behind it keeps the attempts coming.
    sandbox.begin(number=OTHER_NUMBER)
    while list_states(sandbox)[0] == "queued":
        sandbox.phone.wait_for_tries(sandbox.phone.tries + 1)
    sandbox.phone.take()
    assert sandbox.phone.next_sms()["to"] == OTHER_NUMBER
    assert list_states(sandbox)[0] == "given_up"


def test_a_queued_message_survives_a_restart(sandbox: RunningSandbox) -> None:
    sandbox.phone.refuse()
    id = sandbox.begin().json()["id"]
    sandbox.restart()
    sandbox.phone.take()
    assert sandbox.check(id, sandbox.phone.next_code()).status_code == 200


def test_a_phone_that_is_down_does_not_delay_the_answer(tmp_path: Path) -> None:
    sandbox = RunningSandbox(tmp_path)
    sandbox.start()
    try:
        assert sandbox.begin().status_code == 201
        assert list_states(sandbox) == ["queued"]
    finally:
        sandbox.stop()


def test_the_pauses_between_attempts_grow_from_200_ms_to_5_s(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "sandbox.db")
    now, pauses = 1000.0, []

    def head(tx: Connection) -> RowMapping:
        return list_heads(tx, sms)[0]

    with storage.transaction() as tx:
        message = CodeMessage("pv_1", CodePurpose.PHONE_VERIFICATION, None, "c", "+819012345678", "t")
        enqueue_sms(tx, ServerKey(bytes(32)), message, now)
        for _ in range(7):
            assert retry(tx, sms, head(tx), now, SmsQueue.retry_policy)
            pauses.append(round(head(tx)["next_try_at"] - now, 3))
        assert not retry(tx, sms, head(tx), now + 120, SmsQueue.retry_policy)
        assert list_heads(tx, sms) == []
    storage.close()
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_message_goes_to_a_real_phone_only_for_a_named_number_in_a_live_chat(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, real_numbers=[NUMBER]) as sandbox:
        sandbox.begin("sms:+815555", NUMBER)
        sandbox.wait_for_sms("delivered")
        assert [message["to"] for message in sandbox.phone.real] == [NUMBER]
        assert sandbox.phone.received == []
        for client, number in (("sms:+815555", OTHER_NUMBER), ("simulator.sms:+815555", NUMBER)):
            sandbox.begin(client, number)
            assert sandbox.phone.next_sms()["to"] == number
        assert len(sandbox.phone.real) == 1
