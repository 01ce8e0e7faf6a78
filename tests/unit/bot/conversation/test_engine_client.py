"""The engine's client: what it sends, and what it makes of each way in which the engine can fail."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.engine import Engine, EngineDown, EngineFailed, Reply
from bot.messages.outbox import Choice
from tests.support.faulty_server import faulty_server
from tests.support.gateway import TOKEN, FakeEngine, reply


async def ask(engine: Engine, **content: str) -> Any:
    try:
        return await engine.turn(
            conversation="c-1",
            message_key="7-abc",
            content=content or {"text": "hello"},
            channel="sms",
            language="en",
            client="simulator.sms:+15550101234",
        )
    finally:
        await engine.close()


async def test_a_turn_carries_all_that_the_engine_needs(engine: FakeEngine) -> None:
    await ask(engine.client(), text="こんにちは 🙂")

    assert engine.turns == [
        {
            "conversation": "c-1",
            "message": "7-abc",
            "channel": "sms",
            "language": "en",
            "client": "simulator.sms:+15550101234",
            "text": "こんにちは 🙂",
        }
    ]


async def test_replies_choices_directives_and_language_come_back(engine: FakeEngine) -> None:
    engine.answers.append(
        reply("one", "two", choices=[("Yes", "/affirm")], language="ja", directives=[{"type": "expect"}])
    )

    turn = await ask(engine.client())

    assert turn.replies == (Reply("one", ()), Reply("two", (Choice("Yes", "/affirm"),)))
    assert (turn.directives, turn.language) == (({"type": "expect"},), "ja")


async def test_without_a_language_in_the_answer_it_stays_the_clients(engine: FakeEngine) -> None:
    engine.answers.append(reply("hello") | {"language": None})
    assert (await ask(engine.client())).language == "en"


async def test_a_refused_connection_is_an_engine_that_is_down(engine: FakeEngine) -> None:
    engine.go()
    with pytest.raises(EngineDown):
        await ask(engine.client())


async def test_a_dropped_connection_is_an_engine_that_is_down() -> None:
    async with faulty_server("drop") as server:
        with pytest.raises(EngineDown):
            await ask(Engine(server.url, TOKEN))


async def test_an_engine_without_its_actions_is_down(engine: FakeEngine) -> None:
    engine.answers.append(503)
    with pytest.raises(EngineDown):
        await ask(engine.client())


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 502, 302, 204])
async def test_any_other_status_is_a_failure(engine: FakeEngine, status: int) -> None:
    engine.answers.append(status)
    with pytest.raises(EngineFailed, match=str(status)):
        await ask(engine.client())


@pytest.mark.parametrize("fault", ["hang", "trickle"])
async def test_an_answer_that_does_not_come_is_a_failure_in_time(
    fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.engine.TURN_SECONDS", 0.2)
    async with faulty_server(fault) as server:
        with pytest.raises(EngineFailed):
            await ask(Engine(server.url, TOKEN))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        b'{"replies": null, "directives": [], "language": "en"}',
        b'{"replies": [{}], "directives": [], "language": "en"}',
        b'{"replies": [{"text": null, "buttons": []}], "directives": [], "language": "en"}',
        b'{"replies": [{"text": "a", "buttons": [{"title": "b"}]}], "directives": [], "language": "en"}',
        b'{"replies": [{"text": "a", "buttons": [{"title": 1, "payload": 2}]}], "directives": [], "language": ""}',
        b'{"replies": [], "directives": ["handoff"], "language": "en"}',
        b'{"replies": [], "directives": [], "language": 7}',
    ],
)
async def test_an_answer_of_the_wrong_shape_is_a_failure(engine: FakeEngine, answer: bytes) -> None:
    engine.answers.append(answer)
    with pytest.raises(EngineFailed, match="shape"):
        await ask(engine.client())


async def test_a_proxy_of_the_machine_is_not_asked(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nor are the credentials of a .netrc.
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert (await ask(engine.client())).replies == (Reply("you said hello", ()),)


async def test_the_engine_is_ready_while_it_answers(engine: FakeEngine) -> None:
    client = engine.client()
    assert await client.is_ready()
    engine.go()
    assert not await client.is_ready()
    await client.close()
