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

from bot.cli.log_output import LogOutput
from bot.cli.process_group import StopRequest
from bot.cli.reaper import ROOT, Reaper
from bot.cli.supervisor import ProcessSpec, RestartDelay, Supervisor
from tests.support.processes import LineRecorder, wait_until_dead

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


def process(name: str, code: str) -> ProcessSpec:
    return ProcessSpec(name, [sys.executable, "-c", code], dict(os.environ))


@pytest.fixture
def reaper() -> Iterator[Reaper]:
    one = Reaper()
    yield one
    one.close()


class Run:
    """A running supervisor; `lines` has its log and its notices in order."""

    def __init__(self, reaper: Reaper, *specs: ProcessSpec, stop_seconds: float = 15.0) -> None:
        self.lines = LineRecorder()
        self.stop = StopRequest()
        self.supervisor = Supervisor(
            specs,
            LogOutput([spec.name for spec in specs], self.lines),  # type: ignore[arg-type]
            on_notice=self.notice,
            reaper=reaper,
            stop=self.stop,
            stop_seconds=stop_seconds,
            new_delay=lambda: RestartDelay(first_delay_seconds=0.001),
        )

    def notice(self, line: str) -> None:
        """Record a notice of the supervisor, marked with a star."""
        self.lines.write(f"* {line}\n")

    async def pids(self, count: int) -> list[int]:
        """Return the first `count` process ids that the processes have printed."""
        return [int(line.split()[-1]) for line in await self.lines.wait_for(lambda x: "| pid" in x, count)]


@asynccontextmanager
async def running(reaper: Reaper, *specs: ProcessSpec, stop_seconds: float = 15.0) -> AsyncIterator[Run]:
    run = Run(reaper, *specs, stop_seconds=stop_seconds)
    task = asyncio.create_task(run.supervisor.run())
    yield run
    run.stop.request()
    await asyncio.wait_for(task, 30)


async def test_each_line_starts_with_the_padded_name_of_its_process(reaper: Reaper) -> None:
    both = "import sys, time; print('out', flush=True); print('err', file=sys.stderr); time.sleep(600)"
    async with running(reaper, process("rasa", both), process("gateway", both)) as run:
        await run.lines.wait_for(lambda line: line.endswith("err"), 2)
    assert sorted(run.lines.lines) == [
        "gateway  | err",
        "gateway  | out",
        "rasa     | err",
        "rasa     | out",
    ]


async def test_a_process_killed_with_sigkill_is_restarted_at_once(reaper: Reaper) -> None:
    async with running(reaper, process("rasa", SLEEPER)) as run:
        (first,) = await run.pids(1)
        os.kill(first, signal.SIGKILL)
        first_again, second = await run.pids(2)
    assert first == first_again != second
    assert run.lines.lines[1] == "* rasa was ended by SIGKILL; starting it again"


async def test_all_output_of_a_process_comes_before_the_notice_of_its_end(reaper: Reaper) -> None:
    async with running(reaper, process("a", "for n in range(2000): print(n)\nraise SystemExit(3)")) as run:
        await run.lines.wait_for(lambda line: line.startswith("*"))
    news = run.lines.lines.index("* a ended with exit code 3; starting it again")
    assert run.lines.lines[:news] == [f"a        | {number}" for number in range(2000)]


async def test_a_process_that_keeps_dying_is_named_and_the_others_go_on(reaper: Reaper) -> None:
    async with running(reaper, process("rasa", "raise SystemExit(1)"), process("gateway", SLEEPER)) as run:
        (line,) = await run.lines.wait_for(lambda line: "keeps dying" in line)
        (pid,) = await run.pids(1)
        os.kill(pid, 0)
    assert line.startswith(
        "* rasa keeps dying: 5 times in a row within 60 s of its start, now ended with exit code 1"
    )


async def test_a_process_that_cannot_be_started_is_named(reaper: Reaper) -> None:
    async with running(reaper, ProcessSpec("rasa", ["/no/such/program"], {})) as run:
        (line,) = await run.lines.wait_for(lambda line: line.startswith("*"))
    assert line == "* rasa could not be started (No such file or directory); starting it again"


async def test_a_stop_lets_every_process_finish(reaper: Reaper) -> None:
    async with running(reaper, process("a", POLITE), process("b", POLITE)) as run:
        await run.lines.wait_for(lambda line: line.endswith("up"), 2)
    assert sorted(run.lines.lines[2:]) == ["a        | bye", "b        | bye"]


async def test_a_process_that_ignores_sigterm_is_killed_after_stop_seconds(reaper: Reaper) -> None:
    async with running(reaper, process("a", STUBBORN), stop_seconds=0.2) as run:
        pids = await run.pids(1)
    wait_until_dead(pids)


async def test_a_second_stop_request_kills_at_once(reaper: Reaper) -> None:
    async with running(reaper, process("a", STUBBORN), stop_seconds=600) as run:
        pids = await run.pids(1)
        run.stop.request()
    wait_until_dead(pids)


async def test_child_processes_of_a_dead_process_end_before_its_restart(reaper: Reaper) -> None:
    async with running(reaper, process("a", PARENT)) as run:
        first, _ = await run.pids(2)
        wait_until_dead([first])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_supervisor_and_every_process(number: signal.Signals) -> None:
    supervisor, pids = start_supervisor(SLEEPER)
    supervisor.send_signal(number)
    assert supervisor.wait(30) == 0
    wait_until_dead(pids, seconds=1)


def test_processes_end_with_a_supervisor_that_is_killed_with_sigkill() -> None:
    supervisor, pids = start_supervisor(SLEEPER)
    supervisor.kill()
    supervisor.wait(30)
    wait_until_dead(pids)


def test_even_a_process_that_ignores_sigterm_ends_with_a_killed_supervisor() -> None:
    supervisor, pids = start_supervisor(STUBBORN)
    supervisor.kill()
    supervisor.wait(30)
    wait_until_dead(pids)


def start_supervisor(code: str) -> tuple[subprocess.Popen[str], list[int]]:
    """Start a supervisor in a process of its own with two processes; return their ids too."""
    driver = """
import asyncio, os, sys
from bot.cli.log_output import LogOutput
from bot.cli.process_group import StopRequest
from bot.cli.reaper import Reaper
from bot.cli.supervisor import ProcessSpec, Supervisor

async def main():
    stop, reaper = StopRequest(), Reaper()
    stop.listen_to_signals()
    specs = [ProcessSpec(name, [sys.executable, "-c", sys.argv[1]], dict(os.environ)) for name in ("a", "b")]
    await Supervisor(specs, LogOutput(["a", "b"], sys.stdout), on_notice=print, reaper=reaper, stop=stop).run()
    reaper.close()

asyncio.run(main())
"""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", driver, code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert supervisor.stdout is not None
    pids = [int(supervisor.stdout.readline().split()[-1]) for _ in range(2)]
    return supervisor, pids


def test_the_delay_before_a_restart_grows_and_is_reset_by_a_healthy_life() -> None:
    delay = RestartDelay()
    assert [delay.next(0.1) for _ in range(9)] == [0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert delay.next(60.0) == 0
    assert [delay.next(59.9) for _ in range(3)] == [1, 2, 4]
    assert RestartDelay(failures=10_000).next(0) == 30
