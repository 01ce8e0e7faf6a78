"""The worker: each message answered once and in order, and nothing typed taken for more than words."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.worker import Worker
from bot.storage import button, conversation, inbound, outbound, vault
from tests.support.gateway import ENGLISH_NUMBER, NUMBER, FakeEngine, Parts, reply, rows


async def test_replies_are_stored_once_and_in_order(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("one", "two", "three", choices=[("Yes", "/affirm")]))
    accepted = await sqlite_parts.receive("hello")

    await sqlite_parts.work_off(worker)
    await sqlite_parts.work_off(worker)

    stored = await rows(sqlite_parts.database, outbound)
    assert [(row["text"], row["seq"], row["inbound_id"]) for row in stored] == [
        ("one", 0, accepted.id),
        ("two", 1, accepted.id),
        ("three", 2, accepted.id),
    ]
    assert [row["title"] for row in await rows(sqlite_parts.database, button)] == ["Yes"]
    assert await sqlite_parts.states() == ["done"]
    assert (len(engine.turns), sqlite_parts.answered) == (1, 1)


async def test_the_engine_is_told_who_writes_where_and_in_which_language(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    await sqlite_parts.receive("こんにちは", peer=NUMBER)
    await sqlite_parts.receive("hello", peer="4711", channel="simulator.telegram")
    await sqlite_parts.work_off(worker)

    first, second = sorted(engine.turns, key=lambda turn: turn["channel"])
    assert (first["channel"], first["language"], first["client"]) == (
        "sms",
        "ja",
        f"simulator.sms:{NUMBER}",
    )
    assert (second["channel"], second["language"], second["client"]) == (
        "telegram",
        "en",
        "simulator.telegram:4711",
    )
    assert first["conversation"] != second["conversation"]


async def test_the_messages_of_a_client_are_answered_in_order(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    for n in range(5):
        await sqlite_parts.receive(f"message {n}")
    for _ in range(5):
        await sqlite_parts.work_off(worker)

    assert [turn["text"] for turn in engine.turns] == [f"message {n}" for n in range(5)]
    assert await sqlite_parts.texts() == [f"you said message {n}" for n in range(5)]
    assert len({turn["conversation"] for turn in engine.turns}) == 1
    assert len({turn["message"] for turn in engine.turns}) == 5


async def test_the_language_that_the_engine_answers_in_becomes_the_clients(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("Of course.", language="en"))
    await sqlite_parts.receive("English please", peer=NUMBER)
    await sqlite_parts.work_off(worker)
    await sqlite_parts.receive("my password is hunter2", peer=NUMBER)

    assert [row["language"] for row in await rows(sqlite_parts.database, outbound)] == ["en", "en"]
    assert await sqlite_parts.texts("system") == [sqlite_parts.notice("secret_removed", "en")]


async def test_a_language_that_nobody_knows_leaves_the_clients_as_it_was(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("Bonjour", language="fr"))
    await sqlite_parts.receive("hello", peer=NUMBER)
    await sqlite_parts.work_off(worker)

    assert [row["language"] for row in await rows(sqlite_parts.database, conversation)] == ["ja"]
    assert [row["language"] for row in await rows(sqlite_parts.database, outbound)] == ["ja"]


@pytest.mark.parametrize(
    "typed",
    ["/restart", '/inform{"code": "x"}', "／inform{“code”: “x”}", " /session_start", "//help", "/"],
)
async def test_a_typed_command_is_words_and_never_a_payload(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine, typed: str
) -> None:
    await sqlite_parts.receive(typed)
    await sqlite_parts.work_off(worker)

    (turn,) = engine.turns
    assert turn["text"] == typed
    assert "payload" not in turn


async def test_a_number_a_label_and_a_tap_are_the_payload_of_the_choice(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    menu = reply("Which?", choices=[("iPhone", '/inform{"platform": "iphone"}'), ("Android", "/android")])
    engine.answers.extend([menu, menu, menu])
    for typed in ("hello", "１", "android"):
        await sqlite_parts.receive(typed)
        await sqlite_parts.work_off(worker)
    tokens = [row["token"] for row in await rows(sqlite_parts.database, button, title="iPhone")]
    newest = (await rows(sqlite_parts.database, outbound))[-1]["buttons"][0]["token"]
    assert newest in tokens
    await sqlite_parts.receive(newest, kind="button")
    await sqlite_parts.work_off(worker)

    assert [turn.get("payload") for turn in engine.turns] == [
        None,
        '/inform{"platform": "iphone"}',
        "/android",
        '/inform{"platform": "iphone"}',
    ]
    assert not any("text" in turn for turn in engine.turns[1:])


async def test_a_second_tap_is_told_to_use_the_newest_message(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("Which?", choices=[("Yes", "/affirm")]))
    await sqlite_parts.receive("hello", peer=ENGLISH_NUMBER)
    await sqlite_parts.work_off(worker)
    ((token),) = [row["token"] for row in await rows(sqlite_parts.database, button)]

    for _ in range(2):
        await sqlite_parts.receive(token, kind="button", peer=ENGLISH_NUMBER)
    for _ in range(2):
        await sqlite_parts.work_off(worker)

    assert [turn.get("payload") for turn in engine.turns] == [None, "/affirm"]
    assert await sqlite_parts.texts("system") == [sqlite_parts.notice("old_button")]
    assert await sqlite_parts.states() == ["done"] * 3


@pytest.mark.parametrize("text", ["", "   ", "\u3000\n"])
async def test_an_empty_message_is_answered_without_the_engine(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine, text: str
) -> None:
    await sqlite_parts.receive(text, peer=NUMBER)
    await sqlite_parts.work_off(worker)

    assert engine.turns == []
    assert await sqlite_parts.texts() == [sqlite_parts.notice("empty", "ja")]
    assert await sqlite_parts.states() == ["done"]


async def test_a_code_is_open_during_its_turn_and_destroyed_at_its_end(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.hold()
    await sqlite_parts.receive("739182")
    turn = asyncio.create_task(sqlite_parts.work_off(worker))
    await engine.asked()

    (stored,) = await rows(sqlite_parts.database, inbound)
    assert engine.turns[0]["payload"] == f'/inform{{"code": "{stored["content"]}"}}'
    assert "739182" not in str(engine.turns)
    assert await sqlite_parts.database.run(sqlite_parts.vault.open, stored["content"]) == "739182"

    engine.release()
    await turn
    assert await rows(sqlite_parts.database, vault) == []


async def test_directives_are_carried_out_once_with_the_replies(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    asked = [
        {"type": "expect", "what": "code", "seconds": 60},
        {"type": "remind", "seconds": 60, "topic": "codes", "text": "reminder"},
    ]
    engine.answers.append(reply("Please type the code.", directives=asked))
    await sqlite_parts.receive("hello", peer=ENGLISH_NUMBER)
    await sqlite_parts.work_off(worker)

    assert (await sqlite_parts.conversation(ENGLISH_NUMBER)).expects(sqlite_parts.clock()) == "code"
    assert await sqlite_parts.texts() == ["Please type the code."]

    await sqlite_parts.receive("it is 123456", peer=ENGLISH_NUMBER)
    assert [row["kind"] for row in await rows(sqlite_parts.database, inbound)] == ["text", "code"]


async def test_words_in_between_leave_the_menu_open_and_a_choice_closes_it(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("Which?", choices=[("iPhone", "/iphone"), ("Android", "/android")]))
    for text in ("hello", "what is this for?", "2", "2", "iphone"):
        await sqlite_parts.receive(text)
        await sqlite_parts.work_off(worker)

    asked = [turn.get("payload") or turn["text"] for turn in engine.turns]
    assert asked == ["hello", "what is this for?", "/android", "2", "iphone"]


async def test_a_turn_without_words_closes_the_message_and_leaves_the_menu(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.extend([reply("Which?", choices=[("Yes", "/affirm")]), reply()])
    for text in ("hello", "mm"):
        await sqlite_parts.receive(text)
        await sqlite_parts.work_off(worker)
    await sqlite_parts.receive("1")
    await sqlite_parts.work_off(worker)

    assert engine.turns[-1]["payload"] == "/affirm"
    assert await sqlite_parts.states() == ["done"] * 3
