"""The signal: whoever has looked is told of the next change, also of one that came in between."""

from __future__ import annotations

import asyncio
import time

from bot.messages.signal import Signal


async def test_everybody_who_waits_is_woken() -> None:
    signal = Signal()
    waiting = [asyncio.create_task(signal.wait(signal.now(), 20)) for _ in range(3)]
    await asyncio.sleep(0)

    signal.set()

    await asyncio.wait_for(asyncio.gather(*waiting), 0.8)


async def test_a_change_between_looking_and_waiting_is_not_missed() -> None:
    signal = Signal()
    seen = signal.now()
    signal.set()

    await asyncio.wait_for(signal.wait(seen, 20), 0.8)


async def test_an_old_change_wakes_nobody() -> None:
    signal = Signal()
    signal.set()
    began = time.monotonic()
    await signal.wait(signal.now(), 0.03)
    assert time.monotonic() - began >= 0.02


async def test_nobody_waits_longer_than_another_process_may_be_silent() -> None:
    signal = Signal()
    signal.MAX_WAIT_SECONDS = 0.01
    await asyncio.wait_for(signal.wait(signal.now(), 20), 0.8)
