"""Post 100,000 generated updates and forms: none causes a server error, and the gateway keeps answering."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.app import Gateway
from bot.settings import Settings
from tests.support.fake_telegram import Person
from tests.support.fake_twilio import incoming, signed
from tests.support.gateway import TOKEN, VAULT_KEY
from tests.support.knowledge import KNOWLEDGE
from tests.support.live_gateway import HEADERS, live_settings
from tests.support.stack import folder_in_memory

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

COUNT = 50_000
ODD: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63, 2**80, 1.5, 1e300, "", " ", "\0", "\ud800", "é" * 300, "🙂", "/", "/start",
    "/inform{\"code\": \"1\"}", "{", "[]", "'; DROP TABLE inbound; --", "../../etc/passwd", "%00",
    [], {}, [[]], {"": {}},
    "STOP", "停止", "my password is Hunter2x", "123456", "x" * 5000, "\u202e", "１",
]  # fmt: skip

Post = tuple[str, bytes, dict[str, str]]


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """The gateway's application, called directly. No engine and no platform runs: it only receives."""
    with folder_in_memory() as folder:
        nobody = "http://127.0.0.1:1"
        environ = {
            "STATE_DIR": str(folder),
            "INTERNAL_TOKEN": TOKEN,
            "VAULT_KEY": VAULT_KEY,
            "RASA_PORT": "1",
        }
        settings = Settings.read(
            environ | {"ACTIONS_PORT": "1"} | live_settings(nobody, nobody), Path("no-such-file.env")
        )
        gateway = Gateway(settings, KNOWLEDGE)
        gateway.database.migrate()
        yield gateway
        for channel in gateway.channels:
            await channel.stop()
        await gateway.engine.close()
        await gateway.database.close()


async def status(gateway: Gateway, post: Post) -> int:
    """Return the status of one post; an exception of the application counts as 500."""
    path, body, headers = post
    path, _, query = path.partition("?")
    found: list[int] = []
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "root_path": "",
        "query_string": query.encode("utf-8", "replace"),
        "headers": [
            (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
    }
    try:
        await gateway.app(scope, receive, send)  # type: ignore[arg-type]
    except Exception:
        return 500
    return found[0]


def mutate(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """Return `value` with one of its parts removed, added or replaced."""
    if isinstance(value, dict) and value and chance.random() < 0.8 and depth < 4:
        changed = dict(value)
        name = chance.choice(list(changed))
        what = chance.random()
        if what < 0.2:
            del changed[name]
        elif what < 0.3:
            changed[str(chance.choice(ODD))[:20]] = chance.choice(ODD)
        else:
            changed[name] = mutate(changed[name], chance, depth + 1)
        return changed
    return chance.choice(ODD)


def updates(chance: random.Random) -> Post:
    person = Person(chance.randrange(1, 400))
    kinds: list[Callable[[], dict[str, Any]]] = [
        lambda: person.text(str(chance.choice(ODD))),
        lambda: person.edit("x"),
        lambda: person.tap("token"),
        lambda: person.contact("+819012345678"),
        lambda: person.member("kicked"),
        lambda: person.message(photo=[], caption="x"),
        lambda: person.update(inline_query={"id": "1"}),
    ]
    update: Any = chance.choice(kinds)()
    for _ in range(chance.randrange(1, 3)):
        update = mutate(update, chance)
    body = json.dumps(update).encode()
    if chance.random() < 0.05:
        cut = chance.randrange(len(body))
        body = body[:cut] + bytes(chance.randrange(256) for _ in range(3)) + body[cut + 2 :]
    return "/webhooks/telegram", body, HEADERS if chance.random() < 0.95 else {}


def forms(chance: random.Random) -> Post:
    fields = dict(incoming(f"+1555070{chance.randrange(400):04}", str(chance.choice(ODD))))
    for _ in range(chance.randrange(3)):
        fields[chance.choice([*fields, "OptOutType", "MessageStatus", "ErrorCode"])] = str(chance.choice(ODD))
    pairs = [(name, value.encode("utf-8", "replace").decode()) for name, value in fields.items()]
    path = chance.choice(["/webhooks/sms", "/webhooks/sms/status"])
    query = chance.choice(["", "message=1.0", "message=" + "9" * 30, "x", "%00"])
    target, body, headers = signed(path, pairs, query)
    if chance.random() < 0.3:
        body = urlencode([*pairs, ("Extra", "1")]).encode()
    if chance.random() < 0.1:
        headers = {}
    return target, body, headers


@pytest.mark.parametrize("generate", [updates, forms])
async def test_no_post_causes_a_server_error(
    gateway: Gateway, generate: Callable[[random.Random], Post]
) -> None:
    chance = random.Random(20)
    seen: Counter[int] = Counter()
    for begin in range(0, COUNT, 50):
        posts = [generate(chance) for _ in range(min(50, COUNT - begin))]
        answers = await asyncio.gather(*(status(gateway, post) for post in posts))
        for post, answer in zip(posts, answers, strict=True):
            assert answer < 500, post
            seen[answer] += 1
    assert sum(seen.values()) == COUNT
    # The posts must not all have been rejected before they were read.
    assert seen[200] + seen[204] > COUNT / 4, seen
    assert seen[400] + seen[403] > COUNT / 50, seen
