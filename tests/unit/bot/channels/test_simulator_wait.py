"""Looking at a simulated phone: what is new, whether anything is to come, and no longer a wait than needed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.gateway import TOKEN, FakeEngine, reply
from tests.support.gateway_app import RunningGateway


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_found_by_looking_again() -> Iterator[None]:
    """Whoever is not told of a change waits so long that the test sees it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.messages.signal.Signal.MAX_WAIT_SECONDS", 15.0)
        yield


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def texts(shown: dict[str, Any]) -> list[str]:
    return [message["text"] for message in shown["messages"]]


def soon(looking: Future[dict[str, Any]]) -> dict[str, Any]:
    """What the waiting look gives; it must not take the time that was given for waiting."""
    return looking.result(timeout=6)


def test_a_client_who_never_wrote_is_idle_and_nobody_waits(gateway: RunningGateway, peer: str) -> None:
    began = time.monotonic()
    assert gateway.look(peer, wait=20) == {"messages": [], "idle": True}
    assert time.monotonic() - began < 6


async def test_a_message_that_is_worked_on_is_not_idle(
    gateway: RunningGateway, shared_engine: FakeEngine, peer: str
) -> None:
    shared_engine.hold()
    gateway.send("hello", peer)
    assert gateway.look(peer) == {"messages": [], "idle": False}


def test_a_look_waits_as_long_as_it_was_told_when_nothing_comes(
    gateway: RunningGateway, shared_engine: FakeEngine, peer: str
) -> None:
    shared_engine.hold()
    gateway.send("hello", peer)
    began = time.monotonic()
    assert gateway.look(peer, wait=0.2) == {"messages": [], "idle": False}
    assert 0.19 <= time.monotonic() - began < 6


async def test_a_waiting_look_returns_when_the_answer_comes(
    gateway: RunningGateway, shared_engine: FakeEngine, peer: str, aside: ThreadPoolExecutor
) -> None:
    shared_engine.hold()
    gateway.send("hello", peer)
    looking = [aside.submit(gateway.look, peer, wait=20) for _ in range(3)]
    await shared_engine.asked()
    assert not any(look.done() for look in looking)

    shared_engine.release()

    assert [texts(soon(look)) for look in looking] == [["you said hello"]] * 3


async def test_a_waiting_look_returns_when_nothing_more_is_to_come(
    gateway: RunningGateway, shared_engine: FakeEngine, peer: str, aside: ThreadPoolExecutor
) -> None:
    shared_engine.hold()
    shared_engine.answers.append(reply())
    gateway.send("hello", peer)
    looking = aside.submit(gateway.look, peer, wait=20)
    await shared_engine.asked()

    shared_engine.release()

    assert soon(looking) == {"messages": [], "idle": True}


async def test_a_waiting_look_returns_when_the_backend_sends_a_text_message(
    gateway: RunningGateway, shared_engine: FakeEngine, peer: str, aside: ThreadPoolExecutor
) -> None:
    shared_engine.hold()
    gateway.send("hello", peer)
    looking = aside.submit(gateway.look, peer, wait=20)
    await shared_engine.asked()

    body = {"client": f"simulator.sms:{peer}", "to": peer, "text": "Code: 123456", "id": peer}
    gateway.post("/simulator/sms", body, headers={"Authorization": f"Bearer {TOKEN}"})

    shown = soon(looking)
    assert texts(shown) == [f"{peer}\nCode: 123456"]
    assert not shown["idle"]


def test_ids_grow_and_after_leaves_what_is_newer(gateway: RunningGateway, peer: str) -> None:
    for text in ("a", "b", "c"):
        gateway.send(text, peer)
    messages = gateway.settled(peer)
    ids = [message["id"] for message in messages]

    assert ids == sorted(set(ids))
    assert texts(gateway.look(peer, after=ids[0])) == ["you said b", "you said c"]
    assert gateway.look(peer, after=ids[-1], wait=20) == {"messages": [], "idle": True}
    assert gateway.look(peer, after=2**52) == {"messages": [], "idle": True}


def test_looking_takes_nothing_away(gateway: RunningGateway, peer: str) -> None:
    gateway.send("hello", peer)
    assert gateway.settled(peer) == gateway.settled(peer) != []


def test_each_client_sees_their_own_phone(gateway: RunningGateway, peer: str) -> None:
    gateway.send("by sms", peer, "sms")
    gateway.send("by telegram", peer, "telegram")
    gateway.send("another", f"{peer}9", "sms")

    assert [message["text"] for message in gateway.settled(peer, "sms")] == ["you said by sms"]
    assert [message["text"] for message in gateway.settled(peer, "telegram")] == ["you said by telegram"]
    assert [message["text"] for message in gateway.settled(f"{peer}9", "sms")] == ["you said another"]


def test_a_notice_of_the_gateway_comes_from_the_bot(gateway: RunningGateway, peer: str) -> None:
    gateway.send("my password is Hunter2x", peer, language_code="en")
    notice, answer = gateway.settled(peer)
    assert notice["from"] == answer["from"] == "bot"
    assert "We did not keep it" in notice["text"]
    assert answer["text"] == "you said my password is ⟦secret:password⟧"


@pytest.mark.parametrize("name", ["after", "wait"])
@pytest.mark.parametrize("value", ["-1", "x", "", "nan", "inf", "-inf", "1e400", "9007199254740993", "0x10"])
def test_a_number_of_another_shape_is_refused(gateway: RunningGateway, name: str, value: str) -> None:
    answer = gateway.http.get("/simulator/sms/a/messages", params={name: value})
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
