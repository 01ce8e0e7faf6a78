"""Helpers for processes that tests start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import psutil


def is_dead(pid: int) -> bool:
    """Return whether the process is gone or a zombie."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_dead(pids: Iterable[int], seconds: float = 15.0) -> None:
    """Wait until all of `pids` are dead. They are not children of this process, so this polls."""
    left = list(pids)
    deadline = time.monotonic() + seconds
    while left := [pid for pid in left if not is_dead(pid)]:
        assert time.monotonic() < deadline, f"still alive: {left}"
        time.sleep(0.02)


class LineRecorder:
    """A text stream that records its lines, so that a test can wait for them."""

    def __init__(self, *, tty: bool = False) -> None:
        self.lines: list[str] = []
        self._tty = tty
        self._changed = asyncio.Event()

    def isatty(self) -> bool:
        """Return whether the stream pretends to be a terminal."""
        return self._tty

    def write(self, text: str) -> int:
        """Record whole lines."""
        self.lines += text.splitlines()
        self._changed.set()
        return len(text)

    def flush(self) -> None:
        """Do nothing: lines are recorded at once."""

    async def wait_for(self, wanted: Callable[[str], bool], count: int = 1) -> list[str]:
        """Return the first `count` lines for which `wanted` is true, as soon as there are that many."""
        while True:
            found = [line for line in self.lines if wanted(line)]
            if len(found) >= count:
                return found[:count]
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), 30)
