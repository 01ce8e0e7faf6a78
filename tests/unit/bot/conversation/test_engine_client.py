"""The engine's client: what it sends, and what it makes of each way in which the engine can fail."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.engine import Engine, EngineResponseError, EngineUnavailableError
from contracts.directives import ExpectInput
from contracts.enums import ChannelKind, ExpectedInput
from contracts.turns import Button, Reply, TurnRequest, TurnResponse
from tests.support.faulty_server import faulty_server
from tests.support.gateway import TOKEN, FakeEngine, reply


async def ask(engine: Engine, text: str = "hello") -> TurnResponse:
    request = TurnRequest(
        conversation="c-1",
        message="7-abc",
        channel=ChannelKind.SMS,
        language="en",
        client="simulator.sms:+15550101234",
        text=text,
    )
    try:
        return await engine.turn(request)
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


EXPECT = [{"type": "expect", "what": "code", "seconds": 60}]


async def test_replies_choices_directives_and_language_come_back(engine: FakeEngine) -> None:
    engine.answers.append(reply("one", "two", choices=[("Yes", "/affirm")], language="ja", directives=EXPECT))

    turn = await ask(engine.client())

    assert turn.replies == (Reply("one"), Reply("two", (Button("Yes", "/affirm"),)))
    assert (turn.directives, turn.language) == ((ExpectInput(ExpectedInput.CODE, 60),), "ja")


async def test_an_answer_may_leave_the_language_out(engine: FakeEngine) -> None:
    engine.answers.append(reply("hello") | {"language": None})
    assert (await ask(engine.client())).language is None


async def test_a_refused_connection_is_an_engine_that_is_down(engine: FakeEngine) -> None:
    engine.go()
    with pytest.raises(EngineUnavailableError):
        await ask(engine.client())


async def test_a_dropped_connection_is_an_engine_that_is_down() -> None:
    async with faulty_server("drop") as server:
        with pytest.raises(EngineUnavailableError):
            await ask(Engine(server.url, TOKEN))


async def test_an_engine_without_its_actions_is_down(engine: FakeEngine) -> None:
    engine.answers.append(503)
    with pytest.raises(EngineUnavailableError):
        await ask(engine.client())


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 502, 302, 204])
async def test_any_other_status_is_a_failure(engine: FakeEngine, status: int) -> None:
    engine.answers.append(status)
    with pytest.raises(EngineResponseError, match=str(status)):
        await ask(engine.client())


@pytest.mark.parametrize("fault", ["hang", "trickle"])
async def test_an_answer_that_does_not_come_is_a_failure_in_time(
    fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.engine.TURN_SECONDS", 0.2)
    async with faulty_server(fault) as server:
        with pytest.raises(EngineResponseError):
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
        b'{"replies": [], "directives": [{"type": "dance"}]}',
        b'{"replies": [], "directives": [{}]}',
        b'{"replies": [], "directives": [{"type": "expect", "what": "password"}]}',
        b'{"replies": [], "directives": [{"type": "expect", "what": "code", "seconds": "soon"}]}',
        b'{"replies": [], "directives": [{"type": "handoff", "reason": "because"}]}',
        b'{"replies": [], "directives": [{"type": "handoff", "reason": "asked", "priority": "whatever"}]}',
        b'{"replies": [], "directives": [{"type": "handoff", "reason": "asked", "anything_else": 1}]}',
        b'{"replies": [], "directives": [{"type": "remind", "seconds": null, "topic": null, "text": "x"}]}',
        b'{"replies": [], "directives": [{"type": "remind", "seconds": "soon", "topic": "codes", "text": "x"}]}',
        b'{"replies": [], "directives": [{"type": "remind", "seconds": 1, "topic": "", "text": "", "choices": 5}]}',
    ],
)
async def test_an_answer_of_the_wrong_shape_is_a_failure(engine: FakeEngine, answer: bytes) -> None:
    engine.answers.append(answer)
    with pytest.raises(EngineResponseError, match="shape"):
        await ask(engine.client())


async def test_a_proxy_of_the_machine_is_not_asked(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nor are the credentials of a .netrc.
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert (await ask(engine.client())).replies == (Reply("you said hello"),)


async def test_the_engine_is_ready_while_it_answers(engine: FakeEngine) -> None:
    client = engine.client()
    assert await client.is_ready()
    engine.go()
    assert not await client.is_ready()
    await client.close()
