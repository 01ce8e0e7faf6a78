"""SMS over real HTTP: who is heard, what is answered, and what becomes of what was sent."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from bot.channels.sms.signature import parse
from tests.support.fake_twilio import (
    ACCOUNT,
    AUTH_TOKEN,
    OUR_NUMBER,
    PUBLIC_URL,
    incoming,
    new_sid,
    refusal,
    signature,
    signed,
)
from tests.support.gateway import FakeEngine, reply
from tests.support.live_gateway import LiveGateway, live_gateway

_numbers = itertools.count(1)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def shared_live(tmp_path_factory: pytest.TempPathFactory, shared_engine: FakeEngine) -> Iterator[LiveGateway]:
    with live_gateway(tmp_path_factory.mktemp("live"), shared_engine.port) as gateway:
        yield gateway


@pytest.fixture
def live(shared_live: LiveGateway, shared_engine: FakeEngine) -> Iterator[LiveGateway]:
    yield shared_live
    shared_engine.release()
    shared_engine.answers.clear()
    shared_live.running.drained()
    assert shared_live.twilio.wrong == []


@pytest.fixture
def number() -> str:
    return f"+1555030{next(_numbers):04}"


def arrived(live: LiveGateway, number: str, count: int = 1) -> list[str]:
    """What the phone got, once it is so many messages."""
    live.twilio.wait_for(lambda: len(live.twilio.bodies(number)) >= count)
    return live.twilio.bodies(number)


def outgoing(live: LiveGateway, number: str) -> list[tuple[str, str | None]]:
    """State and error of each message to a number, once none is left to send."""
    end = time.monotonic() + 20
    while True:
        found = [(state, error) for to, state, error in live.stored() if to == number]
        if found and all(state != "queued" for state, _ in found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.01)


def heard(live: LiveGateway) -> float:
    text = live.http.get("/metrics").text
    found = re.search(
        r'^assistant_inbound_total\{channel="sms",outcome="accepted"\} (\S+)$', text, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


def test_a_text_is_answered_through_the_rest_interface(live: LiveGateway, number: str) -> None:
    answer = live.sms(number, "hello")
    assert (answer.status_code, answer.content) == (204, b"")
    assert arrived(live, number) == ["you said hello"]
    (message,) = [m for m in live.twilio.messages if m["to"] == number]
    assert message["from"] == OUR_NUMBER
    assert message["status_callback"].startswith(f"{PUBLIC_URL}/webhooks/sms/status?message=")


def test_a_japanese_sender_with_blank_fields_is_heard_in_japanese(
    live: LiveGateway, shared_engine: FakeEngine
) -> None:
    assert live.sms("+819011112222", "こんにちは", ToCity="", FromZip="").status_code == 204
    arrived(live, "+819011112222")
    assert (shared_engine.turns[-1]["language"], shared_engine.turns[-1]["text"]) == ("ja", "こんにちは")


def test_three_deliveries_of_a_text_are_one_message(
    live: LiveGateway, number: str, shared_engine: FakeEngine
) -> None:
    fields = incoming(number, "only one sms")
    assert [live.form("/webhooks/sms", fields).status_code for _ in range(3)] == [204] * 3
    arrived(live, number)
    assert [turn.get("text") for turn in shared_engine.turns].count("only one sms") == 1


@pytest.mark.parametrize("typed", ["2", "２", "二", "②", "2番", "Android", "ａｎｄｒｏｉｄ", "(2)"])
def test_a_menu_is_numbered_and_the_answer_found_however_it_is_typed(
    live: LiveGateway, number: str, shared_engine: FakeEngine, typed: str
) -> None:
    shared_engine.answers.append(reply("Which?", choices=[("iPhone", "/a"), ("Android", "/b")]))
    live.sms(number, "hello")
    assert arrived(live, number) == ["Which?\n1 iPhone\n2 Android"]
    live.sms(number, typed)
    live.running.drained()
    assert shared_engine.turns[-1]["payload"] == "/b"


def test_a_number_that_is_no_choice_is_explained(
    live: LiveGateway, number: str, shared_engine: FakeEngine
) -> None:
    shared_engine.answers.append(reply("Which?", choices=[("iPhone", "/a"), ("Android", "/b")]))
    live.sms(number, "hello")
    arrived(live, number)
    live.sms(number, "7")
    assert "no choice with that number" in arrived(live, number, 2)[1]


# Stop, start, help.


@pytest.mark.parametrize("word", ["停止", "配信停止", "解除", "ストップ", "ｽﾄｯﾌﾟ", "「停止」。", " 停止 "])
def test_a_japanese_stop_is_confirmed_once_and_honoured(
    live: LiveGateway, number: str, shared_engine: FakeEngine, word: str
) -> None:
    live.sms(number, word)
    assert len(arrived(live, number)) == 1
    before = len(shared_engine.turns)
    for text in ("hello?", word, "1"):
        live.sms(number, text)
    live.running.drained()
    assert len(live.twilio.bodies(number)) == 1
    assert len(shared_engine.turns) == before


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
    assert "Welcome back" in arrived(live, number)[0]


def test_yes_is_an_answer_for_whoever_has_not_stopped(
    live: LiveGateway, number: str, shared_engine: FakeEngine
) -> None:
    live.sms(number, "yes")
    arrived(live, number)
    assert shared_engine.turns[-1]["text"] == "yes"


@pytest.mark.parametrize("word", ["HELP", "info", "ヘルプ"])
def test_help_is_given_at_once_and_also_to_those_who_have_stopped(
    live: LiveGateway, number: str, shared_engine: FakeEngine, word: str
) -> None:
    before = len(shared_engine.turns)
    live.sms(number, word)
    assert "Reply STOP" in arrived(live, number)[0]
    live.sms(number, "STOP")
    live.sms(number, word)
    assert len(arrived(live, number, 2)) == 2
    assert len(shared_engine.turns) == before


@pytest.mark.parametrize("kind", ["STOP", "HELP"])
def test_what_advanced_opt_out_has_answered_is_recorded_and_not_answered_twice(
    live: LiveGateway, number: str, kind: str
) -> None:
    live.sms(number, "arrêt" if kind == "STOP" else "aide", OptOutType=kind)
    live.running.drained()
    assert live.twilio.bodies(number) == []
    live.sms(number, "hello")
    if kind == "HELP":
        arrived(live, number)
    live.running.drained()
    assert len(live.twilio.bodies(number)) == (0 if kind == "STOP" else 1)


def test_stop_within_a_sentence_is_a_text(live: LiveGateway, number: str, shared_engine: FakeEngine) -> None:
    live.sms(number, "please stop the guide")
    arrived(live, number)
    assert shared_engine.turns[-1]["text"] == "please stop the guide"


def test_a_number_that_has_opted_out_at_the_carrier_is_left_alone(live: LiveGateway, number: str) -> None:
    live.twilio.faults["POST Messages"].append(refusal(400, 21610))
    live.sms(number, "hello")
    assert outgoing(live, number) == [("failed", "stopped")]
    live.sms(number, "hello again")
    live.running.drained()
    assert live.twilio.bodies(number) == []
    assert outgoing(live, number) == [("failed", "stopped")]


# Pictures, and senders that are nobody.


def test_pictures_are_declined_and_their_text_is_heard(live: LiveGateway, number: str) -> None:
    media = {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/png"}
    live.sms(number, "", **media)
    assert "only read words" in arrived(live, number)[0]
    live.sms(number, "what is this?", **media)
    texts = arrived(live, number, 3)
    assert "only read words" in texts[1]
    assert texts[2] == "you said what is this?"


@pytest.mark.parametrize(
    "sender", ["", "12345", "IBKR", "whatsapp:+15550101234", "+1", "+" + "1" * 16, "1555"]
)
def test_a_sender_who_cannot_be_a_client_is_ignored(live: LiveGateway, sender: str) -> None:
    before = heard(live)
    assert live.sms(sender, "hello").status_code == 204
    assert heard(live) == before


# Reports.


def last(live: LiveGateway, number: str) -> dict[str, str]:
    return [message for message in live.twilio.messages if message["to"] == number][-1]


def test_reports_move_a_message_forward_only(live: LiveGateway, number: str) -> None:
    live.sms(number, "hello")
    arrived(live, number)
    message = last(live, number)
    assert outgoing(live, number) == [("sent", None)]
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
        assert outgoing(live, number) == [(state, None)], status


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
    arrived(live, number)
    live.report(last(live, number), "undelivered", code)
    assert outgoing(live, number) == [("failed", error)]
    live.sms(number, "hello again")
    texts = arrived(live, number, 3 if told else 2)[1:]
    assert texts[-1] == "you said hello again"
    assert told is None or told in texts[0]


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


# Signatures.

VECTORS = [
    ("https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="),
    ("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
]
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}


@pytest.mark.parametrize(("url", "expected"), VECTORS)
def test_twilios_published_signatures_are_ours(url: str, expected: str) -> None:
    form = parse(urlencode(CALL).encode())
    assert RequestValidator("12345").validate(url, form, expected)
    assert signature(url, list(CALL.items()), "12345") == expected


def test_twilios_published_signature_of_a_repeated_field_is_ours() -> None:
    digits = [("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    fields = [("Sid", "CA123"), ("SidAccount", "AC123"), *digits]
    expected = "IK+Dwps556ElfBT0I3Rgjkr1wJU="
    form = parse(urlencode(fields).encode())
    assert isinstance(form, ImmutableMultiDict)
    assert RequestValidator("12345").validate("https://mycompany.com/myapp.php?foo=1&bar=2", form, expected)


def forged_signatures(path: str, fields: list[tuple[str, str]]) -> dict[str, str | None]:
    url = PUBLIC_URL + path
    right = signature(url, fields)
    return {
        "missing": None,
        "empty": "",
        "short": right[:-2],
        "long": right + "=",
        "of another case": right.swapcase(),
        "of another token": signature(url, fields, "another-token"),
        "of the empty token": signature(url, fields, ""),
        "of the account": signature(url, fields, ACCOUNT),
        "of http": signature(url.replace("https", "http"), fields),
        "of another host": signature(url.replace("assistant.example", "attacker.example"), fields),
        "of the local address": signature("http://127.0.0.1:8080" + path, fields),
        "of another path": signature(url + "/", fields),
        "of a query": signature(url + "?x=1", fields),
        "of no fields": signature(url, []),
        "of half of the fields": signature(url, fields[::2]),
        "of the fields without blanks": signature(url, [field for field in fields if field[1]]),
        "of another sender": signature(url, [(n, "+15559999999" if n == "From" else v) for n, v in fields]),
        "of another body": signature(url, [(n, "yes" if n == "Body" else v) for n, v in fields]),
        "of one field more": signature(url, [*fields, ("Extra", "1")]),
        "zeros": "A" * 27 + "=",
        "no base64": "!" * 28,
        "not ASCII": "é" * 28,
    }


NAMES = list(forged_signatures("/", [("From", "x"), ("Body", "y")]))


@pytest.mark.parametrize("path", ["/webhooks/sms", "/webhooks/sms/status"])
@pytest.mark.parametrize("forgery", NAMES)
def test_nobody_but_twilio_is_heard(live: LiveGateway, number: str, path: str, forgery: str) -> None:
    fields = incoming(number, "forged", MessageStatus="delivered", ErrorCode="")
    given = forged_signatures(path, fields)[forgery]
    headers = {**FORM} | ({} if given is None else {"X-Twilio-Signature": given.encode("latin-1")})  # type: ignore[dict-item]
    before = heard(live)
    answer = live.http.post(path, content=urlencode(fields), headers=headers)
    assert answer.status_code == 403
    assert heard(live) == before


TAMPERED = {
    "another body": lambda fields: [(n, "unlock my account" if n == "Body" else v) for n, v in fields],
    "another sender": lambda fields: [(n, "+15558888888" if n == "From" else v) for n, v in fields],
    "another id": lambda fields: [(n, new_sid() if n == "MessageSid" else v) for n, v in fields],
    "a field more": lambda fields: [*fields, ("OptOutType", "STOP")],
    "a field less": lambda fields: fields[1:],
    "a field twice": lambda fields: [*fields, ("Body", "more")],
    "an opt-out": lambda fields: [*fields, ("OptOutType", "START")],
    "a picture": lambda fields: [(n, "1" if n == "NumMedia" else v) for n, v in fields],
    "blank fields left out": lambda fields: [field for field in fields if field[1]],
    "a space": lambda fields: [(n, v + " " if n == "Body" else v) for n, v in fields],
    "names in capitals": lambda fields: [(n.upper(), v) for n, v in fields],
    "another account": lambda fields: [(n, "AC" + "f" * 32 if n == "AccountSid" else v) for n, v in fields],
}


@pytest.mark.parametrize("change", list(TAMPERED))
@pytest.mark.parametrize("path", ["/webhooks/sms", "/webhooks/sms/status"])
def test_what_was_changed_after_signing_is_refused(
    live: LiveGateway, number: str, path: str, change: str
) -> None:
    fields = incoming(number, "hello", MessageStatus="delivered")
    target, _, headers = signed(path, fields)
    before = heard(live)
    answer = live.http.post(target, content=urlencode(TAMPERED[change](fields)), headers=headers)
    assert answer.status_code == 403
    assert heard(live) == before


@pytest.mark.parametrize("path", ["/webhooks/sms", "/webhooks/sms/status"])
@pytest.mark.parametrize("query", ["?message=1.0", "?", "?a", "#x", "/", "//", "?bodySHA256=" + "0" * 64])
def test_a_signature_counts_for_its_own_address(
    live: LiveGateway, number: str, path: str, query: str
) -> None:
    _, body, headers = signed(path, incoming(number, "hello"))
    before = heard(live)
    answer = live.http.post(path + query, content=body, headers=headers)
    if query in {"?", "#x"}:
        # The same address, written otherwise.
        assert answer.status_code == 204
    else:
        assert answer.status_code in {403, 404, 307}
        assert heard(live) == before


def test_a_signature_of_one_address_does_not_open_the_other(live: LiveGateway, number: str) -> None:
    _, body, headers = signed("/webhooks/sms/status", incoming(number, "hello"))
    assert live.http.post("/webhooks/sms", content=body, headers=headers).status_code == 403


@pytest.mark.parametrize("header", ["X-Twilio-Signatur", "X-Signature", "Authorization", "Cookie"])
def test_the_signature_counts_in_its_own_header_alone(live: LiveGateway, number: str, header: str) -> None:
    fields = incoming(number, "hello")
    target, body, headers = signed("/webhooks/sms", fields)
    forged = {header: headers["X-Twilio-Signature"], **FORM}
    assert live.http.post(target, content=body, headers=forged).status_code == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", b"&&&&", b"=", b"%", b"%zz=%zz", b"a=1&" * 2000, b'{"Body": "x"}', b"\x00" * 100],
)
def test_a_body_that_is_no_form_is_refused(live: LiveGateway, body: bytes) -> None:
    headers = {"X-Twilio-Signature": "A" * 27 + "=", **FORM}
    assert live.http.post("/webhooks/sms", content=body, headers=headers).status_code == 403


def test_a_body_of_more_than_64_kb_is_refused(live: LiveGateway, number: str) -> None:
    target, body, headers = signed("/webhooks/sms", incoming(number, "x" * 70_000))
    assert live.http.post(target, content=body, headers=headers).status_code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_webhooks_take_posts_alone(live: LiveGateway, method: str) -> None:
    for path in ("/webhooks/sms", "/webhooks/sms/status"):
        assert live.http.request(method, path).status_code == 405


def test_the_auth_token_is_in_no_answer(live: LiveGateway) -> None:
    for path in ("/webhooks/sms", "/webhooks/sms/status", "/metrics", "/readyz", "/nothing"):
        assert AUTH_TOKEN not in live.http.post(path).text
