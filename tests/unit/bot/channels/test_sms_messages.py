"""SMS over real HTTP: what a client writes, and what they get."""

from __future__ import annotations

import pytest

from tests.support.fake_twilio import (
    OUR_NUMBER,
    PUBLIC_URL,
    incoming,
)
from tests.support.gateway import FakeEngine, reply
from tests.support.live_gateway import LiveGateway


def test_a_text_is_answered_through_the_rest_interface(live: LiveGateway, number: str) -> None:
    answer = live.sms(number, "hello")
    assert (answer.status_code, answer.content) == (204, b"")
    assert live.arrived(number) == ["you said hello"]
    (message,) = [m for m in live.twilio.messages if m["to"] == number]
    assert message["from"] == OUR_NUMBER
    assert message["status_callback"].startswith(f"{PUBLIC_URL}/webhooks/sms/status?message=")


def test_a_japanese_sender_with_blank_fields_is_heard_in_japanese(
    live: LiveGateway, live_engine: FakeEngine
) -> None:
    assert live.sms("+819011112222", "こんにちは", ToCity="", FromZip="").status_code == 204
    live.running.drained()
    assert (live_engine.turns[-1]["language"], live_engine.turns[-1]["text"]) == ("ja", "こんにちは")


def test_three_deliveries_of_a_text_are_one_message(
    live: LiveGateway, number: str, live_engine: FakeEngine
) -> None:
    fields = incoming(number, "only one sms")
    assert [live.form("/webhooks/sms", fields).status_code for _ in range(3)] == [204] * 3
    live.arrived(number)
    assert [turn.get("text") for turn in live_engine.turns].count("only one sms") == 1


@pytest.mark.parametrize("typed", ["2", "２", "二", "②", "2番", "Android", "ａｎｄｒｏｉｄ", "(2)"])
def test_a_menu_is_numbered_and_the_answer_found_however_it_is_typed(
    live: LiveGateway, number: str, live_engine: FakeEngine, typed: str
) -> None:
    live_engine.answers.append(reply("Which?", choices=[("iPhone", "/a"), ("Android", "/b")]))
    live.sms(number, "hello")
    assert live.arrived(number) == ["Which?\n1 iPhone\n2 Android"]
    live.sms(number, typed)
    live.running.drained()
    assert live_engine.turns[-1]["payload"] == "/b"


def test_a_number_that_is_no_choice_is_explained(
    live: LiveGateway, number: str, live_engine: FakeEngine
) -> None:
    live_engine.answers.append(reply("Which?", choices=[("iPhone", "/a"), ("Android", "/b")]))
    live.sms(number, "hello")
    live.arrived(number)
    live.sms(number, "7")
    assert "no choice with that number" in live.arrived(number, 2)[1]


def test_pictures_are_declined_and_their_text_is_heard(live: LiveGateway, number: str) -> None:
    media = {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/png"}
    live.sms(number, "", **media)
    assert "only read words" in live.arrived(number)[0]
    live.sms(number, "what is this?", **media)
    texts = live.arrived(number, 3)
    assert "only read words" in texts[1]
    assert texts[2] == "you said what is this?"


@pytest.mark.parametrize(
    "sender", ["", "12345", "IBKR", "whatsapp:+15550101234", "+1", "+" + "1" * 16, "1555"]
)
def test_a_sender_who_cannot_be_a_client_is_laid_aside(live: LiveGateway, sender: str) -> None:
    before = live.heard("sms")
    assert live.sms(sender, "hello").status_code == 204
    assert live.heard("sms") == before + 1
    ((content,),) = live.running.read("SELECT content FROM dead_letter ORDER BY id DESC LIMIT 1")
    assert '"Body": "hello"' in content


@pytest.mark.parametrize(
    ("country", "offer"),
    [
        ("+8190", "Telegramの @assistant_test_bot へ"),
        ("+9198", "write to me on Telegram: @assistant_test_bot"),
    ],
)
def test_where_text_messages_may_not_arrive_telegram_is_offered_once(
    live: LiveGateway, country: str, offer: str
) -> None:
    number = f"{country}12345670"
    live.sms(number, "1")
    assert offer in live.arrived(number)[0]
    live.sms(number, "2")
    answers = live.arrived(number, 3)[1:]
    assert answers == ["you said 1", "you said 2"]


def test_a_phone_that_can_be_relied_on_is_offered_nothing(live: LiveGateway, number: str) -> None:
    live.sms(number, "hello")
    live.running.drained()
    assert live.arrived(number) == ["you said hello"]
