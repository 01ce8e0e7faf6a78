"""Threads for the database, with two priorities: requests from outside go first."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

URGENT, NORMAL, _END = 0, 1, 2


class Threads:
    """Runs work in `count` threads, in order within each priority."""

    def __init__(self, count: int) -> None:
        self._work: queue.PriorityQueue[tuple[int, int, Callable[[], Any] | None, Future[Any]]]
        self._work = queue.PriorityQueue()
        self._order = itertools.count()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._run, name=f"database_{n}", daemon=True) for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], T], priority: int = NORMAL) -> Future[T]:
        """Submit `work`. Raises RuntimeError after `close`."""
        if self._closed:
            raise RuntimeError("the database is closed")
        future: Future[T] = Future()
        self._work.put((priority, next(self._order), work, future))
        return future

    def close(self) -> None:
        """Wait for all submitted work, and end the threads."""
        self._closed = True
        for _ in self._threads:
            self._work.put((_END, next(self._order), None, Future()))
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while True:
            _, _, work, future = self._work.get()
            if work is None:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            # Do not keep the last result alive until the next work comes.
            del work, future
