"""What becomes of a text message that was sent: told late, twice, or in any order."""

from __future__ import annotations

import pytest

from tests.support.fake_twilio import (
    new_sid,
)
from tests.support.live_gateway import LiveGateway


def last(live: LiveGateway, number: str) -> dict[str, str]:
    return [message for message in live.twilio.messages if message["to"] == number][-1]


def test_reports_move_a_message_forward_only(live: LiveGateway, number: str) -> None:
    live.sms(number, "hello")
    live.arrived(number)
    message = last(live, number)
    assert live.outgoing(number) == [("sent", None)]
    for status, state in [
        ("queued", "sent"),
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("sending", "delivered"),
        ("delivered", "delivered"),
        ("undelivered", "delivered"),
        ("nonsense", "delivered"),
    ]:
        assert live.report(message, status).status_code == 204
        assert live.outgoing(number) == [(state, None)], status


@pytest.mark.parametrize(
    ("code", "error", "told", "reachable"),
    [
        (30003, "handset_unreachable", "did not reach your phone", True),
        (30007, "filtered", "did not deliver my last message", True),
        (30008, "not_delivered", "did not reach your phone", True),
        (30034, "sender_unregistered", None, True),
        (39999, "not_delivered", "did not reach your phone", True),
        (30005, "not_mobile", None, False),
        (30006, "not_mobile", None, False),
        (30004, "unusable", None, False),
    ],
)
def test_a_failed_delivery_is_known_and_told_when_the_client_writes_again(
    live: LiveGateway, number: str, code: int, error: str, told: str | None, reachable: bool
) -> None:
    live.sms(number, "hello")
    live.arrived(number)
    live.report(last(live, number), "undelivered", code)
    assert live.outgoing(number) == [("failed", error)]
    live.sms(number, "hello again")
    texts = live.arrived(number, 4 if told else 2)[1:]
    assert texts[-1] == "you said hello again"
    if told:
        assert told in texts[0]
        # There is another way to be heard.
        assert "on Telegram: @assistant_test_bot" in texts[1]


def test_a_report_finds_its_message_by_our_own_key_when_twilios_answer_was_lost(
    live: LiveGateway, number: str
) -> None:
    live.twilio.faults["POST Messages"].append("lost")
    live.sms(number, "hello")
    live.twilio.wait_for(lambda: live.twilio.bodies(number))
    assert live.report(last(live, number), "delivered").status_code == 204


def test_a_report_on_nothing_changes_nothing(live: LiveGateway) -> None:
    fields = [("MessageSid", new_sid()), ("MessageStatus", "delivered")]
    for query in ("", "message=999999.0", "message=1.0.0", "message=x", "message=" + "9" * 40 + ".0"):
        assert live.form("/webhooks/sms/status", fields, query).status_code == 204
