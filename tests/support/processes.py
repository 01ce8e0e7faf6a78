"""Looking at processes that the tests have started."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import psutil


def is_dead(pid: int) -> bool:
    """Whether the process is gone, or only waits for its parent to collect it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_dead(pids: Iterable[int], seconds: float = 15.0) -> None:
    """Waits until none of `pids` lives; they are others' children, so there is no event to wait for."""
    left = list(pids)
    deadline = time.monotonic() + seconds
    while left := [pid for pid in left if not is_dead(pid)]:
        assert time.monotonic() < deadline, f"still alive: {left}"
        time.sleep(0.02)


class Lines:
    """A text stream that keeps its lines and wakes whoever waits for one."""

    def __init__(self, *, tty: bool = False) -> None:
        self.lines: list[str] = []
        self._tty = tty
        self._changed = asyncio.Event()

    def isatty(self) -> bool:
        """Whether it claims to be a terminal."""
        return self._tty

    def write(self, text: str) -> int:
        """Takes whole lines."""
        self.lines += text.splitlines()
        self._changed.set()
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    async def wait_for(self, wanted: Callable[[str], bool], count: int = 1) -> list[str]:
        """The first `count` lines for which `wanted` is true, once there are so many."""
        while True:
            found = [line for line in self.lines if wanted(line)]
            if len(found) >= count:
                return found[:count]
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), 30)
