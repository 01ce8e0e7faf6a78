"""The simulator's routes over real HTTP: what they take, what they refuse, and from whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.gateway import TOKEN, FakeEngine, reply
from tests.support.gateway_app import RunningGateway, running_gateway

BACKEND = {"Authorization": f"Bearer {TOKEN}"}


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in messages]


def test_a_message_is_taken_with_202_and_answered(gateway: RunningGateway, peer: str) -> None:
    accepted = gateway.send("hello", peer, id="m-1")

    assert accepted == {"id": "m-1", "duplicate": False}
    (message,) = gateway.settled(peer)
    assert {name: message[name] for name in ("from", "text", "entities", "buttons")} == {
        "from": "bot",
        "text": "you said hello",
        "entities": [],
        "buttons": [],
    }
    assert isinstance(message["id"], int)


def test_a_message_without_an_id_is_given_one(gateway: RunningGateway, peer: str) -> None:
    ids = {gateway.send("hello", peer)["id"] for _ in range(2)}
    assert len(ids) == 2
    assert texts(gateway.settled(peer)) == ["you said hello"] * 2


def test_a_repeated_id_is_taken_and_answered_once(gateway: RunningGateway, peer: str) -> None:
    assert not gateway.send("hello", peer, id="m-1")["duplicate"]
    assert gateway.send("again", peer, id="m-1") == {"id": "m-1", "duplicate": True}
    assert texts(gateway.settled(peer)) == ["you said hello"]


def test_the_same_message_sent_by_many_at_once_is_answered_once(gateway: RunningGateway, peer: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gateway.send("hello", peer, id="m-1"), range(8)))

    assert sorted(answer["duplicate"] for answer in answers) == [False] + [True] * 7
    assert texts(gateway.settled(peer)) == ["you said hello"]


def test_many_messages_of_one_client_are_answered_in_order(gateway: RunningGateway, peer: str) -> None:
    for n in range(8):
        gateway.send(str(n), peer, language_code="en")
    assert texts(gateway.settled(peer)) == [f"you said {n}" for n in range(8)]


@pytest.mark.parametrize("peer", ["a", "+819012345678", "person-4f2a", "a.b@c_d", "9", "x" * 64])
def test_a_peer_may_look_like_this(gateway: RunningGateway, peer: str) -> None:
    gateway.send("hello", peer, "telegram")
    assert texts(gateway.settled(peer, "telegram")) == ["you said hello"]


@pytest.mark.parametrize(
    "peer",
    ["x" * 65, "a%20b", "a%0A", "%0Aa", "%C3%A9", "-a", ".a", "a:b", "a%00", "%2e%2e", "a;b", "%F0%9F%99%82"],
)
def test_a_peer_of_another_shape_is_refused(gateway: RunningGateway, peer: str) -> None:
    path = f"/simulator/sms/{peer}/messages"
    assert gateway.post(path, {"text": "hello"}).status_code == 400
    assert gateway.http.get(path).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "a", "button": "b"},
        {"text": None},
        {"text": 1},
        {"text": ["a"]},
        {"button": {}},
        {"button": True},
        {"text": "a", "id": ""},
        {"text": "a", "id": "x" * 65},
        {"text": "a", "id": "a b"},
        {"text": "a", "id": "a\n"},
        {"text": "a", "id": "é"},
        {"text": "a", "id": 5},
        {"text": "a", "id": None},
        {"text": "a", "language_code": 1},
        {"text": "a", "language_code": ["en"]},
        [],
        "text",
        None,
    ],
)
def test_a_body_of_another_shape_is_refused_with_the_reason(gateway: RunningGateway, body: object) -> None:
    answer = gateway.post("/simulator/sms/refused/messages", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert gateway.look("refused") == {"messages": [], "idle": True}


@pytest.mark.parametrize("channel", ["fax", "SMS", "simulator.sms", "email"])
def test_another_channel_is_not_found(gateway: RunningGateway, channel: str) -> None:
    assert gateway.post(f"/simulator/{channel}/a/messages", {"text": "hello"}).status_code == 404
    assert gateway.http.get(f"/simulator/{channel}/a/messages").status_code == 404


def test_errors_are_json(gateway: RunningGateway) -> None:
    assert gateway.http.get("/nowhere").json() == {"error": "Not Found"}
    answer = gateway.http.put("/simulator/sms/a/messages")
    assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed"})


@pytest.mark.parametrize(
    "text", ["a\x00b\ud800c", "\ud83d\ude00", "\u202e\u200b", "'; DROP TABLE inbound; --"]
)
def test_any_text_is_taken(gateway: RunningGateway, peer: str, text: str) -> None:
    content = (
        '{"text": "' + text.encode("ascii", "backslashreplace").decode().replace("\x00", "\\u0000") + '"}'
    )
    content = content.replace("\\U0001f600", "\\ud83d\\ude00").replace("\\x", "\\u00")
    answer = gateway.http.post(f"/simulator/sms/{peer}/messages", content=content)
    assert answer.status_code == 202
    assert len(gateway.settled(peer)) == 1


@pytest.mark.parametrize("button", ["\\ud800", "\\u0000", "x", "my password is hunter2"])
def test_an_unknown_button_is_told_to_use_the_newest_message(
    gateway: RunningGateway, peer: str, button: str
) -> None:
    answer = gateway.http.post(
        f"/simulator/telegram/{peer}/messages", content='{"button": "' + button + '", "language_code": "en"}'
    )
    assert answer.status_code == 202
    (message,) = gateway.settled(peer, "telegram")
    assert "newest message" in message["text"]


def test_a_choice_is_a_button_on_telegram_and_a_number_by_sms(
    gateway: RunningGateway, shared_engine: FakeEngine, peer: str
) -> None:
    menu = reply("🙂 Tap **Next**", choices=[("iPhone", '/inform{"platform": "iphone"}'), ("Other", "/deny")])
    shared_engine.answers.extend([menu, reply("Good."), menu])
    gateway.send("hello", peer, "telegram")
    (shown,) = gateway.settled(peer, "telegram")
    assert shown["text"] == "🙂 Tap Next"
    assert shown["entities"] == [{"type": "bold", "offset": 7, "length": 4}]
    assert [button["title"] for button in shown["buttons"]] == ["iPhone", "Other"]

    gateway.tap(shown["buttons"][0]["token"], peer)
    assert texts(gateway.settled(peer, "telegram"))[1:] == ["Good."]
    assert shared_engine.turns[-1]["payload"] == '/inform{"platform": "iphone"}'

    gateway.send("hello", peer, "sms")
    (by_sms,) = gateway.settled(peer, "sms")
    assert (by_sms["text"], by_sms["buttons"]) == ('🙂 Tap "Next"\n1 iPhone\n2 Other', [])
    gateway.send("２", peer, "sms")
    gateway.settled(peer, "sms")
    assert shared_engine.turns[-1]["payload"] == "/deny"


def test_the_backends_text_message_is_on_the_clients_phone_once(gateway: RunningGateway, peer: str) -> None:
    body = {"client": f"simulator.telegram:{peer}", "to": "+15550101234", "text": "Code: 123456", "id": "s1"}
    for _ in range(2):
        assert gateway.post("/simulator/sms", body, headers=BACKEND).status_code == 202

    (message,) = gateway.settled(peer, "telegram")
    assert (message["from"], message["text"]) == ("backend", "+15550101234\nCode: 123456")
    assert gateway.settled(peer, "sms") == []


@pytest.mark.parametrize(
    "change",
    [{"client": "fax:a"}, {"client": None}, {"client": "sms"}, {"to": None}, {"text": 5}, {"id": None}],
)
def test_a_text_message_of_another_shape_is_refused(gateway: RunningGateway, change: dict[str, Any]) -> None:
    body = {"client": "simulator.sms:a", "to": "+15550101234", "text": "Code", "id": "s1"} | change
    assert gateway.post("/simulator/sms", body, headers=BACKEND).status_code == 400


def test_only_the_stack_may_send_text_messages(gateway: RunningGateway) -> None:
    body = {"client": "simulator.sms:a", "to": "+15550101234", "text": "Code", "id": "s1"}
    assert gateway.post("/simulator/sms", body).status_code == 401
    assert gateway.post("/simulator/sms", body, headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_nothing_is_open_to_other_machines_or_pages(
    gateway: RunningGateway, headers: dict[str, str], peer: str
) -> None:
    path = f"/simulator/sms/{peer}/messages"
    refused = [
        gateway.http.get("/simulator", headers=headers),
        gateway.http.get(path, headers=headers),
        gateway.post(path, {"text": "hello"}, headers=headers),
        gateway.post("/simulator/sms", {}, headers=headers | BACKEND),
        gateway.post("/internal/vault/redeem", {"reference": "x"}, headers=headers | BACKEND),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert gateway.look(peer) == {"messages": [], "idle": True}


def test_a_body_above_64_kb_is_refused(gateway: RunningGateway) -> None:
    answer = gateway.post("/simulator/sms/a/messages", {"text": "x" * 70_000})
    assert answer.status_code == 413


def test_the_page_loads_nothing_from_elsewhere(gateway: RunningGateway) -> None:
    page = gateway.http.get("/simulator")
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    assert gateway.http.get("/simulator/static/simulator.js").status_code == 200
    assert gateway.http.get("/simulator/static/..%2f..%2froutes.py").status_code == 404


def test_where_the_simulator_is_off_there_is_none(tmp_path: Path) -> None:
    with running_gateway(tmp_path, 9, SIMULATOR="off") as gateway:
        assert gateway.http.get("/livez").status_code == 200
        answers: list[httpx.Response] = [
            gateway.http.get("/simulator"),
            gateway.http.get("/simulator/static/simulator.js"),
            gateway.http.get("/simulator/sms/a/messages"),
            gateway.post("/simulator/sms/a/messages", {"text": "hello"}),
            gateway.post("/simulator/sms", {}, headers=BACKEND),
        ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert not (tmp_path / "simulator.db").exists()
