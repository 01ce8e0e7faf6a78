"""When the engine is down, fails or is slow: the message is kept, the client is told once, and answered later."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.pipeline import NOTICE_AFTER_SECONDS
from bot.conversation.worker import MAX_ATTEMPTS, Worker
from bot.storage import conversation, vault
from tests.support.gateway import ENGLISH_NUMBER, NUMBER, FakeEngine, Parts, reply, rows


async def go_on(sqlite_parts: Parts, worker: Worker, seconds: float) -> int:
    """Turn the clock on by `seconds`, working whenever something is due; gives back how often."""
    end = sqlite_parts.clock() + seconds
    rounds = 0
    while (due := await worker.next_due()) is not None and due <= end:
        sqlite_parts.clock.now = max(due, sqlite_parts.clock.now)
        await sqlite_parts.work_off(worker)
        rounds += 1
    sqlite_parts.clock.now = end
    return rounds


async def test_an_outage_is_told_after_three_seconds_and_once(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.go()
    await sqlite_parts.receive("助けて", peer=NUMBER)

    await go_on(sqlite_parts, worker, 2.9)
    assert await sqlite_parts.texts() == []
    await go_on(sqlite_parts, worker, 3)
    assert await sqlite_parts.texts() == [sqlite_parts.notice("engine_down", "ja")]
    await go_on(sqlite_parts, worker, 60)
    assert await sqlite_parts.texts() == [sqlite_parts.notice("engine_down", "ja")]
    assert await sqlite_parts.states() == ["queued"]
    assert NOTICE_AFTER_SECONDS == 3


async def test_a_short_outage_is_not_worth_a_word(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.extend([503, 503])
    await sqlite_parts.receive("hello")
    await go_on(sqlite_parts, worker, 3)

    assert await sqlite_parts.texts() == ["you said hello"]


async def test_every_message_of_an_outage_is_answered_in_order_when_it_is_over(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.go()
    for n in range(3):
        await sqlite_parts.receive(f"message {n}", peer=ENGLISH_NUMBER)
        await go_on(sqlite_parts, worker, 5)
    engine.come_back()
    await go_on(sqlite_parts, worker, 10)

    assert await sqlite_parts.texts() == [
        sqlite_parts.notice("engine_down"),
        *(f"you said message {n}" for n in range(3)),
    ]
    assert await sqlite_parts.states() == ["done"] * 3


async def test_the_next_outage_is_told_again(sqlite_parts: Parts, worker: Worker, engine: FakeEngine) -> None:
    for text in ("first", "second"):
        engine.go()
        await sqlite_parts.receive(text, peer=ENGLISH_NUMBER)
        await go_on(sqlite_parts, worker, 10)
        engine.come_back()
        await go_on(sqlite_parts, worker, 10)

    down = sqlite_parts.notice("engine_down")
    assert await sqlite_parts.texts() == [down, "you said first", down, "you said second"]


async def test_each_client_is_told_in_their_own_language(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.go()
    await sqlite_parts.receive("a", peer=NUMBER)
    await sqlite_parts.receive("b", peer=ENGLISH_NUMBER)
    await sqlite_parts.receive("c", peer="4711", channel="simulator.telegram")
    await go_on(sqlite_parts, worker, 10)

    assert sorted(await sqlite_parts.texts()) == sorted(
        [
            sqlite_parts.notice("engine_down", "ja"),
            sqlite_parts.notice("engine_down", "en"),
            sqlite_parts.notice("engine_down", "en", "telegram"),
        ]
    )


async def test_an_outage_is_looked_at_ever_less_often_but_at_least_every_three_seconds(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.go()
    await sqlite_parts.receive("hello")
    first = await go_on(sqlite_parts, worker, 3)
    later = await go_on(sqlite_parts, worker, 30)

    assert 3 <= first <= 10
    assert 10 <= later <= 15


async def test_a_long_outage_does_not_use_up_a_messages_tries(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.extend([503] * 10)
    await sqlite_parts.receive("hello", peer=ENGLISH_NUMBER)
    await go_on(sqlite_parts, worker, 60)
    assert await sqlite_parts.texts() == [sqlite_parts.notice("engine_down"), "you said hello"]

    engine.answers.extend([503] * 10 + [500])
    await sqlite_parts.receive("again", peer=ENGLISH_NUMBER)
    await go_on(sqlite_parts, worker, 60)
    assert (await sqlite_parts.texts())[-1] == "you said again"


async def test_a_message_that_fails_five_times_is_given_up_with_a_word(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.extend([500] * MAX_ATTEMPTS)
    await sqlite_parts.receive("poison", peer=NUMBER)
    await sqlite_parts.receive("next", peer=NUMBER)
    await go_on(sqlite_parts, worker, 30)

    assert [turn["text"] for turn in engine.turns] == ["poison"] * 5 + ["next"]
    assert await sqlite_parts.states() == ["dead", "done"]
    assert await sqlite_parts.texts() == [sqlite_parts.notice("message_failed", "ja"), "you said next"]
    assert MAX_ATTEMPTS == 5


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        reply("a\x00b\ud800") | {"language": "en"},
        reply("hello", directives=[{"type": "expect", "what": "code", "seconds": "soon"}]),
    ],
    ids=["no JSON", "cannot be stored", "malformed directive"],
)
async def test_an_answer_that_cannot_be_used_is_asked_for_again(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine, answer: object
) -> None:
    engine.answers.append(answer)  # type: ignore[arg-type]
    await sqlite_parts.receive("hello")
    await go_on(sqlite_parts, worker, 10)

    assert len(engine.turns) == 2
    assert await sqlite_parts.texts() == ["you said hello"]


async def test_a_code_is_destroyed_when_its_message_is_given_up(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.answers.extend([500] * MAX_ATTEMPTS)
    await sqlite_parts.receive("739182")
    await go_on(sqlite_parts, worker, 30)

    assert await sqlite_parts.states() == ["dead"]
    assert await rows(sqlite_parts.database, vault) == []


async def test_a_code_that_waited_too_long_is_asked_for_but_does_not_open(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.go()
    await sqlite_parts.receive("739182")
    await go_on(sqlite_parts, worker, 130)
    assert await rows(sqlite_parts.database, vault) == []

    engine.come_back()
    await go_on(sqlite_parts, worker, 10)
    (turn,) = engine.turns
    reference = turn["payload"].removeprefix('/inform{"code": "').removesuffix('"}')
    assert await sqlite_parts.database.run(sqlite_parts.vault.open, reference) is None


async def test_a_client_whose_turn_takes_long_holds_up_no_other(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.hold()
    await sqlite_parts.receive("slow", peer="a")
    await sqlite_parts.receive("after it", peer="a")
    await sqlite_parts.receive("other", peer="b")
    working = asyncio.create_task(sqlite_parts.work_off(worker))
    await engine.asked(2)

    assert sorted(turn["text"] for turn in engine.turns) == ["other", "slow"]
    assert await worker.claim(8) == []
    engine.release()
    await working


async def test_what_was_told_is_forgotten_with_the_answer(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.go()
    await sqlite_parts.receive("hello")
    await go_on(sqlite_parts, worker, 10)
    assert [row["outage_notified_at"] is None for row in await rows(sqlite_parts.database, conversation)] == [
        False
    ]

    engine.come_back()
    await go_on(sqlite_parts, worker, 10)
    assert [row["outage_notified_at"] for row in await rows(sqlite_parts.database, conversation)] == [None]
