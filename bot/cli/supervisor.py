"""Runs the processes of a stack, restarts those that end, and stops all of them together."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.cli.log_output import LogOutput
from bot.cli.process_group import ProcessGroup, StopRequest
from bot.cli.reaper import Reaper

STOP_SECONDS = 15.0
HEALTHY_SECONDS = 60.0
MAX_DELAY_SECONDS = 30.0
# From this number of failures in a row on, the log says that the process keeps dying.
REPEATED_FAILURES = 5


@dataclass(frozen=True)
class ProcessSpec:
    """One process of the stack: its name in the log, its command line and its complete environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)


@dataclass
class RestartDelay:
    """The delay before a process is restarted; `failures` counts those in a row."""

    first_delay_seconds: float = 1.0
    failures: int = 0

    def next(self, lifetime_seconds: float) -> float:
        """Return the delay in seconds: 0, 1, 2, 4 .. 30, and 0 again after HEALTHY_SECONDS of life."""
        self.failures = 1 if lifetime_seconds >= HEALTHY_SECONDS else self.failures + 1
        if self.failures == 1:
            return 0.0
        # Bounded, because a large exponent would overflow a float.
        exponent = min(self.failures - 2, 10)
        return min(self.first_delay_seconds * 2.0**exponent, MAX_DELAY_SECONDS)


class Supervisor:
    """Keeps processes running until a stop is requested.

    `on_notice` gets the supervisor's own lines (a process ended, a process keeps dying); the output of the processes
    goes to `log`. `stop_seconds` is the time from SIGTERM to SIGKILL.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        log: LogOutput,
        *,
        on_notice: Callable[[str], None],
        reaper: Reaper,
        stop: StopRequest,
        stop_seconds: float = STOP_SECONDS,
        new_delay: Callable[[], RestartDelay] = RestartDelay,
    ) -> None:
        self._specs = specs
        self._log = log
        self._on_notice = on_notice
        self._reaper = reaper
        self._stop = stop
        self._stop_seconds = stop_seconds
        self._new_delay = new_delay

    async def run(self) -> None:
        """Start every process at once, and return when all have ended after a stop."""
        await asyncio.gather(*(self._keep_running(spec) for spec in self._specs))

    async def _keep_running(self, spec: ProcessSpec) -> None:
        restart = self._new_delay()
        while not self._stop.requested.is_set():
            started_at = time.monotonic()
            ending = await self._run_once(spec)
            if self._stop.requested.is_set():
                return
            delay = restart.next(time.monotonic() - started_at)
            again = f"starting it again in {delay:.0f} s" if delay else "starting it again"
            if restart.failures >= REPEATED_FAILURES:
                times = f"{restart.failures} times in a row within {HEALTHY_SECONDS:.0f} s of its start"
                self._on_notice(f"{spec.name} keeps dying: {times}, now {ending}; {again}")
            else:
                self._on_notice(f"{spec.name} {ending}; {again}")
            await self._pause(delay)

    async def _run_once(self, spec: ProcessSpec) -> str:
        """Run a process to its end, and return in words how it ended."""
        try:
            group = await ProcessGroup.start(spec.argv, spec.env, self._reaper, merge_errors=True)
        except OSError as error:
            return f"could not be started ({error.strerror or error})"
        copying = asyncio.create_task(self._log.copy(spec.name, group.output))
        code = await group.run(self._stop, self._stop_seconds)
        await group.finish(copying)
        return describe_exit(code)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.requested.wait(), seconds)
        except asyncio.TimeoutError:
            return


def describe_exit(code: int) -> str:
    """Return an exit code in words: "ended with exit code 1", "was ended by SIGKILL"."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
