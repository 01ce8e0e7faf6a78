"""Notices of the auth backend: believed only with its signature, told once, and in our own words."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.support.gateway import FakeEngine, reply
from tests.support.gateway_app import RunningGateway, running_gateway
from tests.support.knowledge import KNOWLEDGE

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
_ids = itertools.count(1)


@pytest.fixture(scope="module")
def telling() -> Iterator[FakeEngine]:
    with FakeEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def gateway(telling: FakeEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("notices")
    with running_gateway(folder, telling.port, AUTH_BACKEND_WEBHOOK_SECRET=SECRET) as running:
        yield running


def notice(peer: str, **changed: Any) -> dict[str, Any]:
    data = {"username_masked": "ha***01", "receipt": "DS-1234"}
    told = {"type": "device_sharing.approved", "client": f"simulator.sms:{peer}", "data": data}
    return told | changed


def send(
    gateway: RunningGateway,
    told: Any,
    *,
    id: str | None = None,
    secret: str = SECRET,
    age: float = 0,
    **headers: str,
) -> httpx.Response:
    body = json.dumps(told)
    id = id or f"nt_{next(_ids)}"
    at = datetime.now(timezone.utc) - timedelta(seconds=age)
    signed = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, body),
    }
    kept = {name: value for name, value in (signed | headers).items() if value}
    return gateway.http.post("/webhooks/backend", content=body, headers=kept)


def heard(gateway: RunningGateway, peer: str) -> list[str]:
    """What the client was told after the answer to the first words."""
    return [message["text"] for message in gateway.settled(peer)][1:]


def test_a_notice_is_told_in_the_clients_language_and_once(gateway: RunningGateway) -> None:
    for peer, language in (("+15550309001", "en"), ("+819055550001", "ja")):
        gateway.send("hello", peer)
        gateway.settled(peer)
        for _ in range(3):
            assert send(gateway, notice(peer), id=f"nt_same_{language}").status_code == 202
        text = KNOWLEDGE.text("backend_notices", "device_sharing_approved", language)
        assert heard(gateway, peer) == [text.format(name="ha***01", receipt="DS-1234")]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("link.confirmed", {"username_masked": "ha***01"}),
        ("link.declined", {}),
        ("link.ended", {}),
        ("device_sharing.pending", {"username_masked": "ha***01"}),
        ("device_sharing.refused", {"username_masked": "ha***01", "reason": "less_secure_device"}),
        ("device_sharing.refused", {"username_masked": "ha***01", "reason": "different_identification"}),
        ("device_sharing.refused", {"username_masked": "ha***01", "reason": "compliance"}),
    ],
)
def test_every_kind_of_notice_has_its_words(gateway: RunningGateway, kind: str, data: dict[str, str]) -> None:
    peer = f"+1555031{next(_ids):04}"
    gateway.send("hello", peer)
    gateway.settled(peer)
    assert send(gateway, notice(peer, type=kind, data=data)).status_code == 202
    assert len(heard(gateway, peer)) == 1


PENDING = {"type": "device_sharing.pending", "data": {"username_masked": "ha***01"}}
REFUSED = {
    "type": "device_sharing.refused",
    "data": {"username_masked": "ha***01", "reason": "different_identification"},
}


def sharing(peer: str, what: dict[str, Any]) -> dict[str, Any]:
    return {"client": f"simulator.telegram:{peer}", **what}


@pytest.mark.parametrize("what", [PENDING, REFUSED], ids=["pending", "refused"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_lies_with_compliance_or_was_refused_offers_a_person(
    gateway: RunningGateway, telling: FakeEngine, what: dict[str, Any], language: str
) -> None:
    peer = f"client{next(_ids)}"
    gateway.send("hello", peer, "telegram", language_code=language)
    gateway.settled(peer, "telegram")
    assert send(gateway, sharing(peer, what)).status_code == 202
    last = gateway.settled(peer, "telegram")[-1]
    (button,) = last["buttons"]
    assert button["title"] == KNOWLEDGE.label("human", language)
    gateway.tap(button["token"], peer)
    gateway.settled(peer, "telegram")
    assert telling.turns[-1]["payload"] == "/human"


def test_a_notice_in_the_middle_of_a_step_leaves_the_steps_buttons_and_names_the_words(
    gateway: RunningGateway, telling: FakeEngine
) -> None:
    peer = f"client{next(_ids)}"
    telling.answers.append(reply("Step 1 of 10", choices=[("Next", "/step_done")]))
    gateway.send("hello", peer, "telegram", language_code="en")
    step = gateway.settled(peer, "telegram")[-1]
    assert send(gateway, sharing(peer, PENDING)).status_code == 202
    last = gateway.settled(peer, "telegram")[-1]
    assert last["buttons"] == []
    assert f'"{KNOWLEDGE.label("human", "en")}"' in last["text"]
    gateway.tap(step["buttons"][0]["token"], peer)
    gateway.settled(peer, "telegram")
    assert telling.turns[-1]["payload"] == "/step_done"


def test_who_is_with_a_person_already_is_not_offered_one(
    gateway: RunningGateway, telling: FakeEngine
) -> None:
    peer = f"client{next(_ids)}"
    telling.answers.append(reply("One moment.", directives=[{"type": "handoff", "reason": "asked"}]))
    gateway.send("a person please", peer, "telegram", language_code="en")
    gateway.settled(peer, "telegram")
    assert send(gateway, sharing(peer, PENDING)).status_code == 202
    last = gateway.settled(peer, "telegram")[-1]
    assert last["buttons"] == []
    assert KNOWLEDGE.label("human", "en") not in last["text"]


def test_an_approval_offers_nobody(gateway: RunningGateway) -> None:
    peer = f"client{next(_ids)}"
    gateway.send("hello", peer, "telegram", language_code="en")
    gateway.settled(peer, "telegram")
    send(gateway, notice(peer, client=f"simulator.telegram:{peer}"))
    assert gateway.settled(peer, "telegram")[-1]["buttons"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": OTHER},
        {"age": 600},
        {"age": -600},
        {"webhook-signature": ""},
        {"webhook-id": ""},
        {"webhook-timestamp": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-timestamp": "now"},
        {"webhook-id": "nt_another"},
    ],
)
def test_what_is_not_signed_by_the_backend_is_refused(gateway: RunningGateway, wrong: dict[str, Any]) -> None:
    peer = f"+1555032{next(_ids):04}"
    gateway.send("hello", peer)
    gateway.settled(peer)
    assert send(gateway, notice(peer), **wrong).status_code == 401
    assert heard(gateway, peer) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "client.opted_out"},
        {"type": None},
        {"client": "nobody"},
        {"data": None},
        {"data": {}},
        {"data": {"username_masked": "ha***01", "receipt": "call +1 555 now"}},
        {"data": {"username_masked": "https://evil.example/x", "receipt": "DS-1"}},
        {
            "type": "device_sharing.refused",
            "data": {"username_masked": "ha***01", "reason": "{name.__class__}"},
        },
    ],
)
def test_what_is_not_in_the_contract_is_not_told(gateway: RunningGateway, changed: dict[str, Any]) -> None:
    peer = f"+1555033{next(_ids):04}"
    gateway.send("hello", peer)
    gateway.settled(peer)
    assert send(gateway, notice(peer) | changed).status_code == 400
    assert heard(gateway, peer) == []


def test_a_notice_for_a_chat_that_is_gone_is_taken_and_told_to_nobody(gateway: RunningGateway) -> None:
    assert send(gateway, notice("+15550349999")).status_code == 202


def test_without_a_secret_there_is_no_such_address(tmp_path: Any) -> None:
    with FakeEngine() as engine, running_gateway(tmp_path, engine.port) as without:
        assert send(without, notice("+1")).status_code == 404
