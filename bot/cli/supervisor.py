"""Runs the parts of a stack side by side, starts again what dies, and stops them all together."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.cli.logs import Logs
from bot.cli.processes import Group, Stop
from bot.cli.reaper import Reaper

GRACE_SECONDS = 15.0
HEALTHY_SECONDS = 60.0
LONGEST_DELAY = 30.0
MANY_DEATHS = 5


@dataclass(frozen=True)
class Part:
    """One process of the stack: its name in the log, its command line, its whole environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)


@dataclass
class Patience:
    """How long to wait before a part that died is started again."""

    first_delay: float = 1.0
    deaths: int = 0

    def after(self, lived: float) -> float:
        """Seconds to wait after a life of `lived` seconds: 0, 1, 2, 4 .. 30; 0 again after a healthy life."""
        self.deaths = 1 if lived >= HEALTHY_SECONDS else self.deaths + 1
        if self.deaths == 1:
            return 0.0
        # The exponent is bounded because a float is not: the ten thousandth death must not raise.
        return min(self.first_delay * 2.0 ** min(self.deaths - 2, 10), LONGEST_DELAY)


class Supervisor:
    """Keeps `parts` running until `stop` is asked for.

    `notice` gets the supervisor's own lines (a part ended, a part keeps dying); what the parts print goes to
    `logs`. `grace` is the time in seconds from SIGTERM to SIGKILL; `patience` makes each part's own back-off.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        logs: Logs,
        *,
        notice: Callable[[str], None],
        reaper: Reaper,
        stop: Stop,
        grace: float = GRACE_SECONDS,
        patience: Callable[[], Patience] = Patience,
    ) -> None:
        self._parts = parts
        self._logs = logs
        self._notice = notice
        self._reaper = reaper
        self._stop = stop
        self._grace = grace
        self._patience = patience

    async def run(self) -> None:
        """Starts every part at once and returns when all have ended after a stop."""
        await asyncio.gather(*(self._keep_alive(part) for part in self._parts))

    async def _keep_alive(self, part: Part) -> None:
        patience = self._patience()
        while not self._stop.asked.is_set():
            born = time.monotonic()
            ending = await self._live(part)
            if self._stop.asked.is_set():
                return
            delay = patience.after(time.monotonic() - born)
            again = f"starting it again in {delay:.0f} s" if delay else "starting it again"
            if patience.deaths >= MANY_DEATHS:
                times = f"{patience.deaths} times in a row within {HEALTHY_SECONDS:.0f} s of its start"
                self._notice(f"{part.name} keeps dying: {times}, now {ending}; {again}")
            else:
                self._notice(f"{part.name} {ending}; {again}")
            await self._pause(delay)

    async def _live(self, part: Part) -> str:
        """One life of a part; returns how it ended, in words."""
        try:
            group = await Group.start(part.argv, part.env, self._reaper, merge_errors=True)
        except OSError as error:
            return f"could not be started ({error.strerror or error})"
        copying = asyncio.create_task(self._logs.copy(part.name, group.output))
        code = await group.run(self._stop, self._grace)
        await group.finish(copying)
        return how_it_ended(code)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.asked.wait(), seconds)
        except asyncio.TimeoutError:
            return


def how_it_ended(code: int) -> str:
    """An exit code in words: "ended with exit code 1", "was ended by SIGKILL"."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
