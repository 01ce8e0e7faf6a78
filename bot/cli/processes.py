"""A process with a process group of its own, its output, and how it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from bot.cli.reaper import Reaper, signal_group

LEFTOVER_SECONDS = 2.0


class Stop:
    """A request to stop: the first one asks politely, a second one does not wait any longer."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()

    def ask(self) -> None:
        """Asks to stop; asked again: at once."""
        (self.at_once if self.asked.is_set() else self.asked).set()

    def on_signals(self) -> None:
        """SIGINT, SIGTERM and SIGHUP ask to stop from now on. To be called inside a running loop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.ask)


class Group:
    """One running process, leader of its own session, with what it prints as `output`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        output: asyncio.StreamReader,
        pipe: asyncio.BaseTransport,
        reaper: Reaper,
    ) -> None:
        self._process = process
        self._pipe = pipe
        self._reaper = reaper
        self.output = output

    @property
    def pid(self) -> int:
        """The process id, which is the group's number too."""
        return self._process.pid

    @classmethod
    async def start(
        cls, argv: Sequence[str], env: Mapping[str, str], reaper: Reaper, *, merge_errors: bool
    ) -> Group:
        """Starts `argv`. `output` is its standard output and, with `merge_errors`, its standard error too.

        Raises OSError when it cannot be started.
        """
        # A pipe of our own: with asyncio's, wait() of some Python versions lasts until the last grandchild
        # that inherited the pipe has closed it, and a part that died would not be started again.
        read_end, write_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env=env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end if merge_errors else None,
                start_new_session=True,
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        reaper.watch(process.pid)
        output = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), os.fdopen(read_end, "rb", buffering=0)
        )
        return cls(process, output, pipe, reaper)

    async def run(self, stop: Stop, grace: float) -> int:
        """Waits for the end, by itself or by `stop`: SIGTERM, `grace` seconds, SIGKILL.

        Returns the exit code; minus the signal's number when a signal ended it. Afterwards nobody of its
        group is left, so that a successor finds the port free.
        """
        exited = asyncio.ensure_future(self._process.wait())
        try:
            await _first(exited, stop.asked)
            if not exited.done():
                signal_group(self.pid, signal.SIGTERM)
                await _first(exited, stop.at_once, timeout=grace)
        finally:
            signal_group(self.pid, signal.SIGKILL)
            code = await exited
            self._reaper.forget(self.pid)
        return code

    async def finish(self, reading: asyncio.Task[Any]) -> None:
        """Lets the task that reads `output` come to its end, but not wait for a strayed grandchild."""
        await asyncio.wait({reading}, timeout=LEFTOVER_SECONDS)
        reading.cancel()
        self._pipe.close()


async def _first(exited: asyncio.Future[Any], event: asyncio.Event, timeout: float | None = None) -> None:
    """Returns when the process has ended, the event has come or `timeout` seconds have passed."""
    waiting: asyncio.Future[Any] = asyncio.ensure_future(event.wait())
    await asyncio.wait({exited, waiting}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
