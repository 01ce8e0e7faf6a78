"""Nobody but Twilio is heard, and nothing that was changed after it was signed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from bot.channels.sms.signature import parse
from tests.support.fake_twilio import (
    ACCOUNT,
    AUTH_TOKEN,
    PUBLIC_URL,
    incoming,
    new_sid,
    signature,
    signed,
)
from tests.support.live_gateway import LiveGateway

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


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
    headers = [(name.encode(), value.encode()) for name, value in FORM.items()]
    if given is not None:
        headers.append((b"X-Twilio-Signature", given.encode("latin-1")))
    before = live.heard("sms")
    answer = live.http.post(path, content=urlencode(fields), headers=headers)
    assert answer.status_code == 403
    assert live.heard("sms") == before


Fields = list[tuple[str, str]]
TAMPERED: dict[str, Callable[[Fields], Fields]] = {
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
    before = live.heard("sms")
    answer = live.http.post(target, content=urlencode(TAMPERED[change](fields)), headers=headers)
    assert answer.status_code == 403
    assert live.heard("sms") == before


@pytest.mark.parametrize("path", ["/webhooks/sms", "/webhooks/sms/status"])
@pytest.mark.parametrize("query", ["?message=1.0", "?", "?a", "#x", "/", "//", "?bodySHA256=" + "0" * 64])
def test_a_signature_counts_for_its_own_address(
    live: LiveGateway, number: str, path: str, query: str
) -> None:
    _, body, headers = signed(path, incoming(number, "hello"))
    before = live.heard("sms")
    answer = live.http.post(path + query, content=body, headers=headers)
    if query in {"?", "#x"}:
        # The same address, written otherwise.
        assert answer.status_code == 204
    else:
        assert answer.status_code in {403, 404, 307}
        assert live.heard("sms") == before


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
