"""The worker: each message answered once and in order, and nothing typed taken for more than words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.conversation.engine import Engine, Turn
from bot.conversation.worker import Worker
from bot.messages.inbox import LEASE_SECONDS, Inbox
from bot.storage import button, conversation, handoff, inbound, outbound, vault
from tests.support.gateway import ENGLISH_NUMBER, NUMBER, FakeEngine, Parts, reply, rows


@pytest.fixture
async def worker(sqlite_parts: Parts, engine: FakeEngine) -> AsyncIterator[Worker]:
    client = engine.client()
    yield sqlite_parts.worker(client)
    await client.close()


@pytest.fixture
def parts(sqlite_parts: Parts) -> Parts:
    return sqlite_parts


async def states(parts: Parts) -> list[str]:
    return [row["state"] for row in await rows(parts.database, inbound)]


async def test_replies_are_stored_once_and_in_order(parts: Parts, worker: Worker, engine: FakeEngine) -> None:
    engine.answers.append(reply("one", "two", "three", choices=[("Yes", "/affirm")]))
    accepted = await parts.receive("hello")

    await parts.work_off(worker)
    await parts.work_off(worker)

    stored = await rows(parts.database, outbound)
    assert [(row["text"], row["seq"], row["inbound_id"]) for row in stored] == [
        ("one", 0, accepted.id),
        ("two", 1, accepted.id),
        ("three", 2, accepted.id),
    ]
    assert [row["title"] for row in await rows(parts.database, button)] == ["Yes"]
    assert await states(parts) == ["done"]
    assert (len(engine.turns), parts.answered) == (1, 1)


async def test_the_engine_is_told_who_writes_where_and_in_which_language(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    await parts.receive("こんにちは", peer=NUMBER)
    await parts.receive("hello", peer="4711", channel="simulator.telegram")
    await parts.work_off(worker)

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
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    for n in range(5):
        await parts.receive(f"message {n}")
    for _ in range(5):
        await parts.work_off(worker)

    assert [turn["text"] for turn in engine.turns] == [f"message {n}" for n in range(5)]
    assert await parts.texts() == [f"you said message {n}" for n in range(5)]
    assert len({turn["conversation"] for turn in engine.turns}) == 1
    assert len({turn["message"] for turn in engine.turns}) == 5


async def test_the_language_that_the_engine_answers_in_becomes_the_clients(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("Of course.", language="en"))
    await parts.receive("English please", peer=NUMBER)
    await parts.work_off(worker)
    await parts.receive("my password is hunter2", peer=NUMBER)

    assert [row["language"] for row in await rows(parts.database, outbound)] == ["en", "en"]
    assert await parts.texts("system") == [parts.notice("secret_removed", "en")]


async def test_a_language_that_nobody_knows_leaves_the_clients_as_it_was(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("Bonjour", language="fr"))
    await parts.receive("hello", peer=NUMBER)
    await parts.work_off(worker)

    assert [row["language"] for row in await rows(parts.database, conversation)] == ["ja"]
    assert [row["language"] for row in await rows(parts.database, outbound)] == ["ja"]


@pytest.mark.parametrize(
    "typed",
    ["/restart", '/inform{"code": "x"}', "／inform{“code”: “x”}", " /session_start", "//help", "/"],
)
async def test_a_typed_command_is_words_and_never_a_payload(
    parts: Parts, worker: Worker, engine: FakeEngine, typed: str
) -> None:
    await parts.receive(typed)
    await parts.work_off(worker)

    (turn,) = engine.turns
    assert turn["text"] == typed
    assert "payload" not in turn


async def test_a_number_a_label_and_a_tap_are_the_payload_of_the_choice(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    menu = reply("Which?", choices=[("iPhone", '/inform{"platform": "iphone"}'), ("Android", "/android")])
    engine.answers.extend([menu, menu, menu])
    for typed in ("hello", "１", "android"):
        await parts.receive(typed)
        await parts.work_off(worker)
    tokens = [row["token"] for row in await rows(parts.database, button, title="iPhone")]
    newest = (await rows(parts.database, outbound))[-1]["buttons"][0]["token"]
    assert newest in tokens
    await parts.receive(newest, kind="button")
    await parts.work_off(worker)

    assert [turn.get("payload") for turn in engine.turns] == [
        None,
        '/inform{"platform": "iphone"}',
        "/android",
        '/inform{"platform": "iphone"}',
    ]
    assert not any("text" in turn for turn in engine.turns[1:])


async def test_a_second_tap_is_told_to_use_the_newest_message(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("Which?", choices=[("Yes", "/affirm")]))
    await parts.receive("hello", peer=ENGLISH_NUMBER)
    await parts.work_off(worker)
    ((token),) = [row["token"] for row in await rows(parts.database, button)]

    for _ in range(2):
        await parts.receive(token, kind="button", peer=ENGLISH_NUMBER)
    for _ in range(2):
        await parts.work_off(worker)

    assert [turn.get("payload") for turn in engine.turns] == [None, "/affirm"]
    assert await parts.texts("system") == [parts.notice("old_button")]
    assert await states(parts) == ["done"] * 3


@pytest.mark.parametrize("text", ["", "   ", "\u3000\n"])
async def test_an_empty_message_is_answered_without_the_engine(
    parts: Parts, worker: Worker, engine: FakeEngine, text: str
) -> None:
    await parts.receive(text, peer=NUMBER)
    await parts.work_off(worker)

    assert engine.turns == []
    assert await parts.texts() == [parts.notice("empty", "ja")]
    assert await states(parts) == ["done"]


async def test_a_code_is_open_during_its_turn_and_destroyed_at_its_end(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.hold()
    await parts.receive("739182")
    turn = asyncio.create_task(parts.work_off(worker))
    await engine.asked()

    (stored,) = await rows(parts.database, inbound)
    assert engine.turns[0]["payload"] == f'/inform{{"code": "{stored["content"]}"}}'
    assert "739182" not in str(engine.turns)
    assert await parts.database.run(parts.vault.open, stored["content"]) == "739182"

    engine.release()
    await turn
    assert await rows(parts.database, vault) == []


async def test_directives_are_carried_out_once_with_the_replies(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    asked = [
        {"type": "expect", "what": "code", "seconds": 60},
        {"type": "handoff", "reason": "lost"},
        {"type": "dance"},
    ]
    engine.answers.append(reply("Please type the code.", directives=asked))
    await parts.receive("hello", peer=ENGLISH_NUMBER)
    await parts.work_off(worker)

    assert (await parts.conversation(ENGLISH_NUMBER)).expects(parts.clock()) == "code"
    assert [row["reason"] for row in await rows(parts.database, handoff)] == ["lost"]
    assert await parts.texts() == ["Please type the code."]

    await parts.receive("it is 123456", peer=ENGLISH_NUMBER)
    assert [row["kind"] for row in await rows(parts.database, inbound)] == ["text", "code"]


async def test_words_in_between_leave_the_menu_open_and_a_choice_closes_it(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.append(reply("Which?", choices=[("iPhone", "/iphone"), ("Android", "/android")]))
    for text in ("hello", "what is this for?", "2", "2", "iphone"):
        await parts.receive(text)
        await parts.work_off(worker)

    asked = [turn.get("payload") or turn["text"] for turn in engine.turns]
    assert asked == ["hello", "what is this for?", "/android", "2", "iphone"]


async def test_a_turn_without_words_closes_the_message_and_leaves_the_menu(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.extend([reply("Which?", choices=[("Yes", "/affirm")]), reply()])
    for text in ("hello", "mm"):
        await parts.receive(text)
        await parts.work_off(worker)
    await parts.receive("1")
    await parts.work_off(worker)

    assert engine.turns[-1]["payload"] == "/affirm"
    assert await states(parts) == ["done"] * 3


class CutOff(Engine):
    """A client whose gateway dies just when the answer has come."""

    async def turn(self, **asked: object) -> Turn:
        await super().turn(**asked)  # type: ignore[arg-type]
        raise asyncio.CancelledError


async def test_a_turn_cut_off_before_its_answer_was_stored_is_asked_again_and_answered_once(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    dying = CutOff(engine.url, "t" * 32)
    await parts.receive("hello")
    with pytest.raises(asyncio.CancelledError):
        await parts.work_off(parts.worker(dying))
    await dying.close()
    assert await parts.texts() == []

    await parts.inbox.release_all()
    await parts.work_off(worker)

    assert [turn["message"] for turn in engine.turns] == [engine.turns[0]["message"]] * 2
    assert await parts.texts() == ["you said hello"]
    assert await states(parts) == ["done"]


async def test_two_who_answer_the_same_message_store_one_answer(
    parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.hold()
    await parts.receive("hello")
    slow = asyncio.create_task(parts.work_off(worker))
    await engine.asked()
    parts.clock.advance(LEASE_SECONDS)
    late = asyncio.create_task(parts.work_off(worker))
    await engine.asked()

    engine.release()
    await asyncio.gather(slow, late)

    assert await parts.texts() == ["you said hello"]


class WatchedInbox(Inbox):
    """An inbox that tells when a lease was set."""

    def watch(self) -> None:
        self.released = asyncio.Event()

    async def release(self, message_id: int, due_at: float) -> None:
        await super().release(message_id, due_at)
        self.released.set()


async def test_a_message_that_is_being_worked_on_keeps_its_lease(
    parts: Parts, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.worker.LEASE_SECONDS", 0.03)
    watched = WatchedInbox(parts.database, parts.knowledge, parts.vault, parts.clock, lambda: None)
    watched.watch()
    parts.inbox = watched
    client = engine.client()
    engine.hold()
    await parts.receive("hello")
    turn = asyncio.create_task(parts.work_off(parts.worker(client)))
    await engine.asked()

    parts.clock.advance(100)
    watched.released.clear()
    for _ in range(2):
        await asyncio.wait_for(watched.released.wait(), 10)
        watched.released.clear()

    (row,) = await rows(parts.database, inbound)
    assert row["due_at"] == pytest.approx(parts.clock() + 0.03)
    engine.release()
    await turn
    assert await parts.texts() == ["you said hello"]
    await client.close()
