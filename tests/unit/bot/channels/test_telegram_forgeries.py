"""Nobody but Telegram is heard, and nothing that it would never send is a fault of the server's."""

from __future__ import annotations

import json

import pytest

from tests.support.fake_telegram import BOT_TOKEN, SECRET, Person
from tests.support.live_gateway import HEADERS, LiveGateway

FORGED_SECRETS = [
    None,
    "",
    "-",
    SECRET.upper(),
    SECRET[:-1],
    SECRET + "x",
    f"x{SECRET}",
    SECRET[::-1],
    SECRET.replace("-", "_"),
    BOT_TOKEN,
    "null",
    "undefined",
    "*",
    "a" * 256,
    "a" * 4000,
    "sécret".encode().decode("latin-1"),
    "\xff\xfe",
    "%61-webhook-secret-of-no-bot",
    f'"{SECRET}"',
    f"{SECRET},{SECRET}",
    f"Bearer {SECRET}",
]


@pytest.mark.parametrize("secret", FORGED_SECRETS)
@pytest.mark.parametrize("kind", ["text", "tap", "member", "not JSON"])
def test_nobody_but_telegram_is_heard(
    live: LiveGateway, client: Person, secret: str | None, kind: str
) -> None:
    content = {
        "text": json.dumps(client.text("forged")),
        "tap": json.dumps(client.tap("token")),
        "member": json.dumps(client.member("kicked")),
        "not JSON": "{",
    }[kind]
    headers = [] if secret is None else [(b"X-Telegram-Bot-Api-Secret-Token", secret.encode("latin-1"))]
    before = live.heard("telegram")
    answer = live.http.post("/webhooks/telegram", content=content, headers=headers)
    assert answer.status_code == 403
    assert live.heard("telegram") == before


@pytest.mark.parametrize(
    "header", ["Authorization", "X-Twilio-Signature", "X-Telegram-Bot-Api-Secret", "Cookie"]
)
def test_the_secret_counts_in_its_own_header_alone(live: LiveGateway, client: Person, header: str) -> None:
    answer = live.http.post("/webhooks/telegram", json=client.text("forged"), headers={header: SECRET})
    assert answer.status_code == 403


def test_the_secret_does_not_count_in_the_address(live: LiveGateway, client: Person) -> None:
    for query in (f"?secret_token={SECRET}", f"?X-Telegram-Bot-Api-Secret-Token={SECRET}"):
        assert live.http.post(f"/webhooks/telegram{query}", json=client.text("x")).status_code == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_the_webhook_takes_posts_alone(live: LiveGateway, method: str) -> None:
    assert live.http.request(method, "/webhooks/telegram", headers=HEADERS).status_code == 405


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b'{"update_id": 1e999}', 200),
        (b"[" * 60_000, 400),
        (b'{"x": "' + b"x" * 600_000 + b'"}', 413),
        (b"{}", 200),
        (b'{"update_id": 1}', 200),
        (b'{"update_id": 1, "message": null}', 200),
        (b'{"update_id": 1, "message": {"text": "hello"}}', 200),
        (b'{"update_id": 1, "message": []}', 200),
    ],
)
def test_what_telegram_would_never_send_is_no_fault(live: LiveGateway, body: bytes, status: int) -> None:
    assert live.http.post("/webhooks/telegram", content=body, headers=HEADERS).status_code == status


def test_an_update_of_more_than_64_kb_is_heard(live: LiveGateway, client: Person) -> None:
    update = client.text("あ" * 4096)
    update["message"]["reply_to_message"] = client.text("い" * 4096)["message"]
    update["message"]["entities"] = [{"type": "bold", "offset": n, "length": 1} for n in range(900)]
    assert len(json.dumps(update)) > 64 * 1024
    assert live.update(update).status_code == 200
    live.shown(client)
