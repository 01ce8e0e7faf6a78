"""STOP, START and HELP by SMS, in each language: honoured, recorded, and confirmed once."""

from __future__ import annotations

import pytest

from tests.support.fake_twilio import (
    refusal,
)
from tests.support.gateway import FakeEngine
from tests.support.live_gateway import LiveGateway


@pytest.mark.parametrize("word", ["停止", "配信停止", "解除", "ストップ", "ｽﾄｯﾌﾟ", "「停止」。", " 停止 "])
def test_a_japanese_stop_is_confirmed_once_and_honoured(
    live: LiveGateway, number: str, live_engine: FakeEngine, word: str
) -> None:
    live.sms(number, word)
    assert len(live.arrived(number)) == 1
    before = len(live_engine.turns)
    for text in ("hello?", word, "1"):
        live.sms(number, text)
    live.running.drained()
    assert len(live.twilio.bodies(number)) == 1
    assert len(live_engine.turns) == before


@pytest.mark.parametrize(
    "word", ["STOP", "stop", "Stop.", "ＳＴＯＰ", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"]
)
def test_an_english_stop_is_confirmed_by_twilio_alone(live: LiveGateway, number: str, word: str) -> None:
    live.sms(number, word)
    live.sms(number, "hello?")
    live.running.drained()
    assert live.twilio.bodies(number) == []


@pytest.mark.parametrize("word", ["START", "start", "UNSTOP", "yes", "再開", "開始"])
def test_start_begins_again(live: LiveGateway, number: str, word: str) -> None:
    live.sms(number, "STOP")
    live.sms(number, word)
    assert "Welcome back" in live.arrived(number)[0]


def test_yes_is_an_answer_for_whoever_has_not_stopped(
    live: LiveGateway, number: str, live_engine: FakeEngine
) -> None:
    live.sms(number, "yes")
    live.arrived(number)
    assert live_engine.turns[-1]["text"] == "yes"


@pytest.mark.parametrize("word", ["HELP", "info", "ヘルプ"])
def test_help_is_given_at_once_and_also_to_those_who_have_stopped(
    live: LiveGateway, number: str, live_engine: FakeEngine, word: str
) -> None:
    before = len(live_engine.turns)
    live.sms(number, word)
    assert "Reply STOP" in live.arrived(number)[0]
    live.sms(number, "STOP")
    live.sms(number, word)
    assert len(live.arrived(number, 2)) == 2
    assert len(live_engine.turns) == before


@pytest.mark.parametrize("kind", ["STOP", "HELP"])
def test_what_advanced_opt_out_has_answered_is_recorded_and_not_answered_twice(
    live: LiveGateway, number: str, kind: str
) -> None:
    live.sms(number, "arrêt" if kind == "STOP" else "aide", OptOutType=kind)
    live.running.drained()
    assert live.twilio.bodies(number) == []
    live.sms(number, "hello")
    if kind == "HELP":
        live.arrived(number)
    live.running.drained()
    assert len(live.twilio.bodies(number)) == (0 if kind == "STOP" else 1)


def test_stop_within_a_sentence_is_a_text(live: LiveGateway, number: str, live_engine: FakeEngine) -> None:
    live.sms(number, "please stop the guide")
    live.arrived(number)
    assert live_engine.turns[-1]["text"] == "please stop the guide"


def test_a_number_that_has_opted_out_at_the_carrier_is_left_alone(live: LiveGateway, number: str) -> None:
    live.twilio.faults["POST Messages"].append(refusal(400, 21610))
    live.sms(number, "hello")
    assert live.outgoing(number) == [("failed", "stopped")]
    live.sms(number, "hello again")
    live.running.drained()
    assert live.twilio.bodies(number) == []
    assert live.outgoing(number) == [("failed", "stopped")]
