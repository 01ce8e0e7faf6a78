"""A process with a process group of its own, its output, and how it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from bot.cli.reaper import Reaper, signal_group

LEFTOVER_SECONDS = 2.0


class StopRequest:
    """A request to stop. The first one lets processes finish; a second one kills them."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.immediate = asyncio.Event()

    def request(self) -> None:
        """Request a stop; if it was requested before, an immediate one."""
        (self.immediate if self.requested.is_set() else self.requested).set()

    def listen_to_signals(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP request a stop. Call this inside a running event loop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.request)


class ProcessGroup:
    """A running process that leads its own session, with its output as `output`."""

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
        """The process id, which is also the number of the group."""
        return self._process.pid

    @classmethod
    async def start(
        cls, argv: Sequence[str], env: Mapping[str, str], reaper: Reaper, *, merge_errors: bool
    ) -> ProcessGroup:
        """Start `argv`. `output` is its standard output and, with `merge_errors`, its standard error too.

        Raise OSError if it cannot be started.
        """
        # With asyncio's own pipe, wait() of some Python versions lasts until the last grandchild that inherited the
        # pipe has closed it, and a process that died would not be restarted.
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

    async def run(self, stop: StopRequest, stop_seconds: float) -> int:
        """Wait until the process ends. After a stop request send SIGTERM, and SIGKILL after `stop_seconds`.

        Return the exit code, or minus the number of the signal that ended the process. Nothing of the group is left
        afterwards, so that a successor finds the port free.
        """
        exited = asyncio.ensure_future(self._process.wait())
        try:
            await _wait_for_first(exited, stop.requested)
            if not exited.done():
                signal_group(self.pid, signal.SIGTERM)
                await _wait_for_first(exited, stop.immediate, timeout=stop_seconds)
        finally:
            signal_group(self.pid, signal.SIGKILL)
            code = await exited
            self._reaper.forget(self.pid)
        return code

    async def finish(self, reading: asyncio.Task[Any]) -> None:
        """Let the task that reads `output` finish, but at most LEFTOVER_SECONDS in case a grandchild holds it open."""
        await asyncio.wait({reading}, timeout=LEFTOVER_SECONDS)
        reading.cancel()
        self._pipe.close()


async def _wait_for_first(
    exited: asyncio.Future[Any], event: asyncio.Event, timeout: float | None = None
) -> None:
    """Return when the process has ended, the event is set, or `timeout` seconds have passed."""
    waiting: asyncio.Future[Any] = asyncio.ensure_future(event.wait())
    await asyncio.wait({exited, waiting}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
