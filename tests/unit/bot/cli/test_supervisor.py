"""The supervisor, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from bot.cli.logs import Logs
from bot.cli.processes import Stop
from bot.cli.reaper import ROOT, Reaper
from bot.cli.supervisor import Part, Patience, Supervisor
from tests.support.processes import Lines, wait_until_dead

SLEEPER = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
POLITE = """
import os, signal, sys, time
# Not print: the signal may come while the first line is still being printed.
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'bye\\n'), sys.exit(0)))
print('up', flush=True)
time.sleep(600)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('pid', os.getpid(), flush=True)
time.sleep(600)
"""
# Leaves a child in its group and ends.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
print('pid', child.pid, flush=True)
"""


def part(name: str, code: str) -> Part:
    return Part(name, [sys.executable, "-c", code], dict(os.environ))


@pytest.fixture
def reaper() -> Iterator[Reaper]:
    one = Reaper()
    yield one
    one.close()


class Run:
    """A supervisor at work; `lines` has its log and its own words in the order in which they came."""

    def __init__(self, reaper: Reaper, *parts: Part, grace: float = 15.0) -> None:
        self.lines = Lines()
        self.stop = Stop()
        self.supervisor = Supervisor(
            parts,
            Logs([one.name for one in parts], self.lines),  # type: ignore[arg-type]
            notice=self.notice,
            reaper=reaper,
            stop=self.stop,
            grace=grace,
            patience=lambda: Patience(first_delay=0.001),
        )

    def notice(self, line: str) -> None:
        """The supervisor's own words, marked with a star."""
        self.lines.write(f"* {line}\n")

    async def pids(self, count: int) -> list[int]:
        """The first `count` process ids that the parts have printed."""
        return [int(line.split()[-1]) for line in await self.lines.wait_for(lambda x: "| pid" in x, count)]


@asynccontextmanager
async def running(reaper: Reaper, *parts: Part, grace: float = 15.0) -> AsyncIterator[Run]:
    run = Run(reaper, *parts, grace=grace)
    task = asyncio.create_task(run.supervisor.run())
    yield run
    run.stop.ask()
    await asyncio.wait_for(task, 30)


async def test_each_line_carries_the_padded_name_of_its_part(reaper: Reaper) -> None:
    both = "import sys, time; print('out', flush=True); print('err', file=sys.stderr); time.sleep(600)"
    async with running(reaper, part("rasa", both), part("gateway", both)) as run:
        await run.lines.wait_for(lambda line: line.endswith("err"), 2)
    assert sorted(run.lines.lines) == [
        "gateway  | err",
        "gateway  | out",
        "rasa     | err",
        "rasa     | out",
    ]


async def test_a_part_killed_with_sigkill_is_started_again_at_once(reaper: Reaper) -> None:
    async with running(reaper, part("rasa", SLEEPER)) as run:
        (first,) = await run.pids(1)
        os.kill(first, signal.SIGKILL)
        first_again, second = await run.pids(2)
    assert first == first_again != second
    assert run.lines.lines[1] == "* rasa was ended by SIGKILL; starting it again"


async def test_everything_that_a_part_said_stands_before_the_news_of_its_end(reaper: Reaper) -> None:
    async with running(reaper, part("a", "for n in range(2000): print(n)\nraise SystemExit(3)")) as run:
        await run.lines.wait_for(lambda line: line.startswith("*"))
    news = run.lines.lines.index("* a ended with exit code 3; starting it again")
    assert run.lines.lines[:news] == [f"a        | {number}" for number in range(2000)]


async def test_a_part_that_keeps_dying_is_named_and_the_others_go_on(reaper: Reaper) -> None:
    async with running(reaper, part("rasa", "raise SystemExit(1)"), part("gateway", SLEEPER)) as run:
        (line,) = await run.lines.wait_for(lambda line: "keeps dying" in line)
        (pid,) = await run.pids(1)
        os.kill(pid, 0)
    assert line.startswith(
        "* rasa keeps dying: 5 times in a row within 60 s of its start, now ended with exit code 1"
    )


async def test_a_part_that_cannot_be_started_is_named(reaper: Reaper) -> None:
    async with running(reaper, Part("rasa", ["/no/such/program"], {})) as run:
        (line,) = await run.lines.wait_for(lambda line: line.startswith("*"))
    assert line == "* rasa could not be started (No such file or directory); starting it again"


async def test_a_stop_lets_every_part_say_goodbye(reaper: Reaper) -> None:
    async with running(reaper, part("a", POLITE), part("b", POLITE)) as run:
        await run.lines.wait_for(lambda line: line.endswith("up"), 2)
    assert sorted(run.lines.lines[2:]) == ["a        | bye", "b        | bye"]


async def test_a_part_that_ignores_sigterm_is_killed_after_the_grace(reaper: Reaper) -> None:
    async with running(reaper, part("a", STUBBORN), grace=0.2) as run:
        pids = await run.pids(1)
    wait_until_dead(pids)


async def test_a_second_request_to_stop_does_not_wait_for_the_grace(reaper: Reaper) -> None:
    async with running(reaper, part("a", STUBBORN), grace=600) as run:
        pids = await run.pids(1)
        run.stop.ask()
    wait_until_dead(pids)


async def test_what_a_dead_part_leaves_behind_is_ended_before_its_successor_starts(reaper: Reaper) -> None:
    async with running(reaper, part("a", PARENT)) as run:
        first, _ = await run.pids(2)
        wait_until_dead([first])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_supervisor_and_every_part(number: signal.Signals) -> None:
    supervisor, pids = start_supervisor(SLEEPER)
    supervisor.send_signal(number)
    assert supervisor.wait(30) == 0
    wait_until_dead(pids, seconds=1)


def test_parts_die_with_a_supervisor_that_is_killed_with_sigkill() -> None:
    supervisor, pids = start_supervisor(SLEEPER)
    supervisor.kill()
    supervisor.wait(30)
    wait_until_dead(pids)


def test_even_a_part_that_ignores_sigterm_dies_with_a_killed_supervisor() -> None:
    supervisor, pids = start_supervisor(STUBBORN)
    supervisor.kill()
    supervisor.wait(30)
    wait_until_dead(pids)


def start_supervisor(code: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A supervisor in a process of its own with two parts, and the parts' process ids."""
    driver = """
import asyncio, os, sys
from bot.cli.logs import Logs
from bot.cli.processes import Stop
from bot.cli.reaper import Reaper
from bot.cli.supervisor import Part, Supervisor

async def main():
    stop, reaper = Stop(), Reaper()
    stop.on_signals()
    parts = [Part(name, [sys.executable, "-c", sys.argv[1]], dict(os.environ)) for name in ("a", "b")]
    await Supervisor(parts, Logs(["a", "b"], sys.stdout), notice=print, reaper=reaper, stop=stop).run()
    reaper.close()

asyncio.run(main())
"""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", driver, code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert supervisor.stdout is not None
    pids = [int(supervisor.stdout.readline().split()[-1]) for _ in range(2)]
    return supervisor, pids


def test_the_wait_before_a_new_start_grows_and_ends_with_a_healthy_life() -> None:
    patience = Patience()
    assert [patience.after(0.1) for _ in range(9)] == [0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert patience.after(60.0) == 0
    assert [patience.after(59.9) for _ in range(3)] == [1, 2, 4]
    assert Patience(deaths=10_000).after(0) == 30
