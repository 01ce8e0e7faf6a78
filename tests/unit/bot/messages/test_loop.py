"""The loop: works on what is there, sleeps when there is nothing, and is not stopped by a fault."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.messages.loop import Loop
from tests.support.gateway import ManualClock


class NameLoop(Loop[str]):
    """A loop over names; each is worked on until it is let go."""

    def __init__(self, clock: ManualClock, concurrency: int = 2) -> None:
        super().__init__("queue", clock, concurrency)
        self.waiting: list[str] = []
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.done: list[str] = []
        self.let_go = asyncio.Event()
        self.let_go.set()
        self.looked = asyncio.Event()
        self.faults: list[Exception] = []
        self.limits: list[int] = []

    async def claim(self, limit: int) -> list[str]:
        self.limits.append(limit)
        self.looked.set()
        if self.faults:
            raise self.faults.pop()
        given, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return given

    async def next_due(self) -> float | None:
        return self.clock() if self.waiting else None

    async def work(self, item: str) -> None:
        self.begun.put_nowait(item)
        await self.let_go.wait()
        if item == "broken":
            raise ValueError("this one is broken")
        self.done.append(item)

    async def begins(self, count: int) -> list[str]:
        return [await asyncio.wait_for(self.begun.get(), 10) for _ in range(count)]


@pytest.fixture
async def queue(clock: ManualClock) -> NameLoop:
    return NameLoop(clock)


async def test_everything_that_waits_is_worked_on(queue: NameLoop) -> None:
    queue.waiting = list("abcde")
    queue.start()
    await queue.begins(5)
    await queue.stop()
    assert sorted(queue.done) == list("abcde")


async def test_no_more_is_taken_than_may_be_worked_on_concurrency(queue: NameLoop) -> None:
    queue.let_go.clear()
    queue.waiting = list("abcde")
    queue.start()

    assert await queue.begins(2) == ["a", "b"]
    queue.wake()
    await asyncio.sleep(0)
    assert queue.waiting == list("cde")
    assert max(queue.limits) == 2

    queue.let_go.set()
    assert await queue.begins(3) == ["c", "d", "e"]
    await queue.stop()


async def test_a_sleeping_loop_is_woken(queue: NameLoop) -> None:
    queue.start()
    await queue.looked.wait()
    queue.waiting = ["new"]
    queue.wake()
    # Much sooner than it would have looked by itself.
    assert await asyncio.wait_for(queue.begun.get(), 0.8) == "new"
    await queue.stop()


async def test_what_is_stored_between_looking_and_sleeping_is_not_missed(queue: NameLoop) -> None:
    queue.start()
    await queue.looked.wait()
    for n in range(20):
        queue.waiting.append(str(n))
        queue.wake()
        assert await asyncio.wait_for(queue.begun.get(), 0.8) == str(n)
    await queue.stop()


async def test_what_nobody_says_is_found_all_the_same(
    queue: NameLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.messages.loop.MAX_SLEEP_SECONDS", 0.01)
    queue.start()
    await queue.looked.wait()
    queue.waiting = ["of another process"]
    assert await queue.begins(1) == ["of another process"]
    await queue.stop()


async def test_a_fault_in_looking_does_not_end_the_loop(
    queue: NameLoop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.messages.loop.MAX_SLEEP_SECONDS", 0.01)
    queue.faults = [OSError("the disk is full")]
    queue.waiting = ["a"]
    with caplog.at_level(logging.ERROR):
        queue.start()
        assert await queue.begins(1) == ["a"]
    await queue.stop()
    assert "queue could not read its rows" in caplog.text


async def test_a_fault_in_working_is_logged_and_the_next_one_is_taken(
    queue: NameLoop, caplog: pytest.LogCaptureFixture
) -> None:
    queue.waiting = ["broken", "whole"]
    with caplog.at_level(logging.ERROR):
        queue.start()
        await queue.begins(2)
        await queue.stop()
    assert queue.done == ["whole"]
    assert "queue failed on an item" in caplog.text


async def test_stopping_takes_nothing_more_and_waits_for_what_has_begun(queue: NameLoop) -> None:
    queue.let_go.clear()
    queue.waiting = list("abc")
    queue.start()
    await queue.begins(2)

    stopping = asyncio.create_task(queue.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    queue.let_go.set()
    await stopping

    assert sorted(queue.done) == ["a", "b"]
    assert queue.waiting == ["c"]


async def test_what_does_not_end_is_cut_off(queue: NameLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.messages.loop.STOP_SECONDS", 0.01)
    queue.let_go.clear()
    queue.waiting = ["endless"]
    queue.start()
    await queue.begins(1)

    await asyncio.wait_for(queue.stop(), 5)

    assert queue.done == []
    assert not [task for task in asyncio.all_tasks() if "_work" in str(task.get_coro())]


async def test_a_sleeping_loop_stops_concurrency(queue: NameLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_SLEEP_SECONDS", "STOP_SECONDS"):
        monkeypatch.setattr(f"bot.messages.loop.{name}", 60.0)
    queue.start()
    await queue.looked.wait()
    await asyncio.wait_for(queue.stop(), 10)


async def test_a_stop_at_the_moment_of_a_wake_up_is_not_forgotten(queue: NameLoop) -> None:
    for _ in range(20):
        started = NameLoop(queue.clock)  # type: ignore[arg-type]
        started.start()
        await started.looked.wait()
        started.wake()
        await asyncio.wait_for(started.stop(), 10)


async def test_a_loop_that_was_never_started_stops(queue: NameLoop) -> None:
    await queue.stop()
