"""Telegram over real HTTP: what a client writes or taps, and what they see."""

from __future__ import annotations

import itertools

import pytest

from tests.support.fake_telegram import BLOCKED, Person
from tests.support.gateway import FakeEngine, reply
from tests.support.gateway_app import GAP_SECONDS
from tests.support.live_gateway import LiveGateway


def test_a_text_is_answered(live: LiveGateway, client: Person) -> None:
    assert live.update(client.text("hello")).status_code == 200
    assert live.shown(client) == ["you said hello"]


def test_three_deliveries_of_an_update_are_one_message(
    live: LiveGateway, client: Person, live_engine: FakeEngine
) -> None:
    update = client.text("only once")
    assert [live.update(update).status_code for _ in range(3)] == [200] * 3
    assert live.shown(client) == ["you said only once"]
    assert [turn["text"] for turn in live_engine.turns].count("only once") == 1


def test_a_tap_is_answered_at_once_and_its_keyboard_is_gone(
    live: LiveGateway, client: Person, live_engine: FakeEngine
) -> None:
    live_engine.answers.append(reply("Which?", choices=[("iPhone", "/a"), ("Android", "/b")]))
    live.update(client.text("hello"))
    live.shown(client)
    (token, other) = live.telegram.keyboard(client.chat).values()
    message_id = live.telegram.chats[client.chat][0]["message_id"]

    tap = client.tap(token, message_id)
    live.update(tap)
    assert live.shown(client, 2)[1:] == ["you said /a"]
    answered = [call["callback_query_id"] for call in live.telegram.called("answerCallbackQuery")]
    assert tap["callback_query"]["id"] in answered
    assert live.telegram.keyboard(client.chat) == {}

    # An old button, from a screen that was not refreshed, is explained and does nothing.
    live.update(client.tap(other, message_id))
    assert "earlier message" in live.shown(client, 3)[2]
    assert not [turn for turn in live_engine.turns if turn.get("payload") == "/b"]


def test_a_secret_is_deleted_from_the_chat(live: LiveGateway, client: Person) -> None:
    update = client.text("my password is Hunter2x")
    live.update(update)
    live.shown(client)
    live.telegram.wait_for(
        lambda: (
            str(update["message"]["message_id"])
            in [call["message_id"] for call in live.telegram.called("deleteMessage")]
        )
    )
    assert "password or a PIN" in live.telegram.texts(client.chat)[0]


def test_typing_is_shown_while_the_answer_is_being_worked_on(
    live: LiveGateway, client: Person, live_engine: FakeEngine
) -> None:
    live_engine.hold()
    live.update(client.text("slow"))
    live.telegram.wait_for(
        lambda: str(client.chat) in [call["chat_id"] for call in live.telegram.called("sendChatAction")]
    )
    assert live.telegram.texts(client.chat) == []
    live_engine.release()
    live.shown(client)


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
    live: LiveGateway, client: Person, live_engine: FakeEngine, typed: str, payload: str
) -> None:
    live.update(client.text(typed))
    assert live.shown(client) == [f"you said {payload}"]


def test_the_language_can_be_chosen(live: LiveGateway, client: Person) -> None:
    live.update(client.text("/language"))
    live.shown(client)
    buttons = live.telegram.keyboard(client.chat)
    assert list(buttons) == ["English", "日本語"]
    live.update(client.tap(buttons["日本語"], live.telegram.chats[client.chat][0]["message_id"]))
    assert live.shown(client, 2)[1] == "you said /language_japanese"


@pytest.mark.parametrize(
    "typed", ['/inform{"code": "123456"}', "/internal_refund", "/restart", "/session_start"]
)
def test_an_intent_typed_is_a_text_and_nothing_else(
    live: LiveGateway, client: Person, live_engine: FakeEngine, typed: str
) -> None:
    before = live.figure('assistant_odd_total{channel="telegram",kind="slash"}')
    live.update(client.text(typed))
    live.shown(client)
    assert live_engine.turns[-1].get("payload") is None
    assert live.figure('assistant_odd_total{channel="telegram",kind="slash"}') == before + 1


def test_stop_ends_everything_until_start(live: LiveGateway, client: Person, live_engine: FakeEngine) -> None:
    before = len(live_engine.turns)
    live.update(client.text("/stop"))
    assert "no more messages" in live.shown(client)[0]
    live.update(client.text("hello?"))
    live.update(client.text("/stop"))
    live.update(client.text("/language"))
    live.running.drained()
    assert len(live.telegram.texts(client.chat)) == 1
    assert len(live_engine.turns) == before

    live.update(client.text("/start"))
    assert live.shown(client, 3)[1:] == [
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
    assert live.shown(client) == ["you said back again"]


def test_pictures_are_declined_kindly_and_edits_are_not_run_again(
    live: LiveGateway, client: Person, live_engine: FakeEngine
) -> None:
    before = len(live_engine.turns)
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    live.update(client.message(photo=photo))
    assert "only read words" in live.shown(client)[0]
    live.update(client.edit("something else"))
    live.running.drained()
    assert len(live_engine.turns) == before


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


def test_two_messages_to_one_chat_leave_some_time_apart(
    live: LiveGateway, client: Person, live_engine: FakeEngine
) -> None:
    live_engine.answers.append(reply("one", "two", "three"))
    live.update(client.text("hello"))
    assert live.shown(client, 3) == ["one", "two", "three"]
    times = [at for at, chat in live.telegram.times if chat == client.chat]
    assert all(later - earlier >= GAP_SECONDS for earlier, later in itertools.pairwise(times))
