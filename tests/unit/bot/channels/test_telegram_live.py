"""Telegram over real HTTP: the webhook, its registration, long polling, and what the client sees."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram.error import TelegramError

from bot.channels.telegram.client import Client
from bot.channels.telegram.updates import ALLOWED_UPDATES
from bot.channels.telegram.webhook import Registration
from bot.settings import TelegramSettings
from tests.support.fake_telegram import BLOCKED, BOT_TOKEN, SECRET, FakeTelegram, Person, refusal
from tests.support.gateway import FakeEngine, reply
from tests.support.live_gateway import HEADERS, LiveGateway, live_gateway

_chats = itertools.count(7_000)
WEBHOOK = "https://assistant.example/webhooks/telegram"


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
    assert shared_live.telegram.wrong == []


@pytest.fixture
def client() -> Person:
    return Person(next(_chats))


def shown(live: LiveGateway, client: Person, count: int = 1) -> list[str]:
    """What the chat shows, once it shows so many messages."""
    live.telegram.wait_for(lambda: len(live.telegram.texts(client.chat)) >= count)
    return live.telegram.texts(client.chat)


def figure(live: LiveGateway, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", live.http.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_text_is_answered(live: LiveGateway, client: Person) -> None:
    assert live.update(client.text("hello")).status_code == 200
    assert shown(live, client) == ["you said hello"]


def test_three_deliveries_of_an_update_are_one_message(
    live: LiveGateway, client: Person, shared_engine: FakeEngine
) -> None:
    update = client.text("only once")
    assert [live.update(update).status_code for _ in range(3)] == [200] * 3
    assert shown(live, client) == ["you said only once"]
    assert [turn["text"] for turn in shared_engine.turns].count("only once") == 1


def test_a_tap_is_answered_at_once_and_its_keyboard_is_gone(
    live: LiveGateway, client: Person, shared_engine: FakeEngine
) -> None:
    shared_engine.answers.append(reply("Which?", choices=[("iPhone", "/a"), ("Android", "/b")]))
    live.update(client.text("hello"))
    shown(live, client)
    (token, other) = live.telegram.keyboard(client.chat).values()
    message_id = live.telegram.chats[client.chat][0]["message_id"]

    tap = client.tap(token, message_id)
    live.update(tap)
    assert shown(live, client, 2)[1:] == ["you said /a"]
    answered = [call["callback_query_id"] for call in live.telegram.called("answerCallbackQuery")]
    assert tap["callback_query"]["id"] in answered
    assert live.telegram.keyboard(client.chat) == {}

    # An old button, from a screen that was not refreshed, is explained and does nothing.
    live.update(client.tap(other, message_id))
    assert "earlier message" in shown(live, client, 3)[2]
    assert not [turn for turn in shared_engine.turns if turn.get("payload") == "/b"]


def test_a_secret_is_deleted_from_the_chat(live: LiveGateway, client: Person) -> None:
    update = client.text("my password is Hunter2x")
    live.update(update)
    shown(live, client)
    live.telegram.wait_for(
        lambda: (
            str(update["message"]["message_id"])
            in [call["message_id"] for call in live.telegram.called("deleteMessage")]
        )
    )
    assert "password or a PIN" in live.telegram.texts(client.chat)[0]


def test_typing_is_shown_while_the_answer_is_being_worked_on(
    live: LiveGateway, client: Person, shared_engine: FakeEngine
) -> None:
    shared_engine.hold()
    live.update(client.text("slow"))
    live.telegram.wait_for(
        lambda: str(client.chat) in [call["chat_id"] for call in live.telegram.called("sendChatAction")]
    )
    assert live.telegram.texts(client.chat) == []
    shared_engine.release()
    shown(live, client)


@pytest.mark.parametrize(
    ("typed", "payload"),
    [
        ("/start", "/greet"),
        ("/start@assistant_test_bot", "/greet"),
        ("/help", "/capabilities"),
        ("/HUMAN", "/human"),
        ("/language ja", "/language_japanese"),
        ("／language 日本語", "/language_japanese"),
    ],
)
def test_a_command_means_what_it_says(
    live: LiveGateway, client: Person, shared_engine: FakeEngine, typed: str, payload: str
) -> None:
    live.update(client.text(typed))
    assert shown(live, client) == [f"you said {payload}"]


def test_the_language_can_be_chosen(live: LiveGateway, client: Person) -> None:
    live.update(client.text("/language"))
    shown(live, client)
    buttons = live.telegram.keyboard(client.chat)
    assert list(buttons) == ["English", "日本語"]
    live.update(client.tap(buttons["日本語"], live.telegram.chats[client.chat][0]["message_id"]))
    assert shown(live, client, 2)[1] == "you said /language_japanese"


@pytest.mark.parametrize(
    "typed", ['/inform{"code": "123456"}', "/internal_refund", "/restart", "/session_start"]
)
def test_an_intent_typed_is_a_text_and_nothing_else(
    live: LiveGateway, client: Person, shared_engine: FakeEngine, typed: str
) -> None:
    before = figure(live, 'assistant_odd_total{channel="telegram",kind="slash"}')
    live.update(client.text(typed))
    shown(live, client)
    assert shared_engine.turns[-1].get("payload") is None
    assert figure(live, 'assistant_odd_total{channel="telegram",kind="slash"}') == before + 1


def test_stop_ends_everything_until_start(
    live: LiveGateway, client: Person, shared_engine: FakeEngine
) -> None:
    before = len(shared_engine.turns)
    live.update(client.text("/stop"))
    assert "no more messages" in shown(live, client)[0]
    live.update(client.text("hello?"))
    live.update(client.text("/stop"))
    live.update(client.text("/language"))
    live.running.drained()
    assert len(live.telegram.texts(client.chat)) == 1
    assert len(shared_engine.turns) == before

    live.update(client.text("/start"))
    assert shown(live, client, 3)[1:] == [
        "Welcome back. You will get messages from me again.",
        "you said /greet",
    ]


def test_whoever_blocks_the_bot_is_left_alone_until_they_come_back(live: LiveGateway, client: Person) -> None:
    live.telegram.faults["sendMessage"].append(BLOCKED)
    live.update(client.text("hello"))
    live.telegram.wait_for(lambda: not live.telegram.faults["sendMessage"])
    live.update(client.member("kicked"))
    live.update(client.member("member"))
    live.update(client.text("back again"))
    assert shown(live, client) == ["you said back again"]


def test_pictures_are_declined_kindly_and_edits_are_not_run_again(
    live: LiveGateway, client: Person, shared_engine: FakeEngine
) -> None:
    before = len(shared_engine.turns)
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    live.update(client.message(photo=photo))
    assert "only read words" in shown(live, client)[0]
    live.update(client.edit("something else"))
    live.running.drained()
    assert len(shared_engine.turns) == before


def test_a_group_is_told_why_and_left(live: LiveGateway, client: Person) -> None:
    group = -100_000 - client.chat
    live.update(client.member("member", id=group, type="supergroup", title="x"))
    live.telegram.wait_for(
        lambda: str(group) in [call["chat_id"] for call in live.telegram.called("leaveChat")]
    )
    assert "only talk in private" in live.telegram.texts(group)[0]
    message = client.text("hello bot")
    message["message"]["chat"] = {"id": group, "type": "supergroup", "title": "x"}
    live.update(message)
    live.running.drained()
    assert len(live.telegram.texts(group)) == 1


def test_two_messages_to_one_chat_are_a_second_apart(
    live: LiveGateway, client: Person, shared_engine: FakeEngine
) -> None:
    shared_engine.answers.append(reply("one", "two", "three"))
    live.update(client.text("hello"))
    assert shown(live, client, 3) == ["one", "two", "three"]
    times = [at for at, chat in live.telegram.times if chat == client.chat]
    assert all(later - earlier >= 0.99 for earlier, later in itertools.pairwise(times))


# Forgeries. None of these is stored, answered, or a fault of the server's.

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
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret.encode("latin-1")}
    before = figure(live, 'assistant_inbound_total{channel="telegram",outcome="accepted"}')
    answer = live.http.post("/webhooks/telegram", content=content, headers=headers)
    assert answer.status_code == 403
    assert figure(live, 'assistant_inbound_total{channel="telegram",outcome="accepted"}') == before


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
    shown(live, client)


# The registration.


def registration(telegram: FakeTelegram, secret: str = SECRET) -> tuple[Client, Registration]:
    settings = TelegramSettings(BOT_TOKEN, "webhook", WEBHOOK, secret, telegram.url)
    client = Client(settings)
    return client, Registration(client.bot, settings)


async def checked(telegram: FakeTelegram, times: int = 1) -> int:
    """How often the webhook was set by so many checks."""
    client, registered = registration(telegram)
    before = len(telegram.called("setWebhook"))
    for _ in range(times):
        await registered.check()
    await client.close()
    return len(telegram.called("setWebhook")) - before


async def test_the_webhook_is_registered_once_with_all_that_matters() -> None:
    with FakeTelegram() as telegram:
        assert await checked(telegram, 3) == 1
        (call,) = telegram.called("setWebhook")
        assert (call["url"], call["secret_token"], call["max_connections"]) == (WEBHOOK, SECRET, "40")
        assert call["allowed_updates"] == list(ALLOWED_UPDATES)
        assert telegram.wrong == []
        assert await checked(telegram) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example/webhooks/telegram"},
        {"allowed_updates": ["message"]},
        {"last_error_date": int(time.time()), "last_error_message": "Wrong response: 403 Forbidden"},
    ],
)
async def test_the_webhook_is_set_right_when_something_else_was_registered(change: dict[str, Any]) -> None:
    with FakeTelegram() as telegram:
        await checked(telegram)
        telegram.webhook |= change
        assert await checked(telegram, 2) == 1


async def test_a_failed_delivery_alone_is_no_reason_to_register_again() -> None:
    with FakeTelegram() as telegram:
        await checked(telegram)
        telegram.webhook |= {
            "last_error_date": int(time.time()),
            "last_error_message": "Connection timed out",
        }
        assert await checked(telegram, 2) == 0


async def test_a_registration_that_fails_is_an_error_of_the_librarys() -> None:
    with FakeTelegram() as telegram:
        telegram.faults["getWebhookInfo"].append(refusal(500, "Internal Server Error"))
        with pytest.raises(TelegramError):
            await checked(telegram)


# Long polling.


def polling(tmp_path: Path, engine: FakeEngine) -> Any:
    return live_gateway(tmp_path, engine.port, TELEGRAM_MODE="polling", TELEGRAM_WEBHOOK_SECRET="")


def test_without_a_public_address_updates_are_fetched(tmp_path: Path, engine: FakeEngine) -> None:
    client = Person(next(_chats))
    with polling(tmp_path, engine) as live:
        live.telegram.updates += [client.text("first"), {"update_id": 5, "message": {"odd": 1}}]
        assert shown(live, client) == ["you said first"]
        live.telegram.wait_for(lambda: live.telegram.updates == [])
        assert live.http.post("/webhooks/telegram", json=client.text("x"), headers=HEADERS).status_code == 404


def test_a_webhook_of_former_times_is_removed_and_errors_are_waited_out(
    tmp_path: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.polling.PAUSES", (0.01,))
    client = Person(next(_chats))
    with polling(tmp_path, engine) as live:
        live.telegram.webhook["url"] = "https://former.example"
        live.telegram.faults["getUpdates"].extend(
            [refusal(502, "Bad Gateway"), "drop", refusal(429, "Too Many Requests", retry_after=1), "garbage"]
        )
        live.telegram.updates.append(client.text("hello"))
        assert shown(live, client) == ["you said hello"]
        assert live.telegram.webhook["url"] == ""


def test_the_token_is_in_no_log(tmp_path: Path, engine: FakeEngine, caplog: pytest.LogCaptureFixture) -> None:
    client = Person(next(_chats))
    with caplog.at_level("DEBUG"), live_gateway(tmp_path, engine.port) as live:
        live.telegram.faults["sendMessage"].extend([refusal(401, "Unauthorized"), "garbage"])
        live.update(client.text("hello"))
        live.telegram.wait_for(lambda: not live.telegram.faults["sendMessage"])
    assert BOT_TOKEN.partition(":")[2] not in caplog.text
    assert SECRET not in caplog.text
