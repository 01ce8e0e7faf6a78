"""The process that ends the process groups of a killed owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bot.cli.reaper import Reaper, end_groups, watched_groups
from tests.support.processes import is_dead, wait_until_dead

SLEEPER = "import time; print(flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPER


def start(code: str) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own and wait until it runs."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    # Without a wait() it would stay a zombie, and its group would seem to be alive.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def test_a_group_that_was_removed_is_not_watched() -> None:
    assert watched_groups([b"+12\n", b"+34\n", b"-12\n", b"-99\n"]) == {34}


def test_lines_without_a_group_of_the_owner_are_ignored() -> None:
    assert watched_groups([b"\n", b"+\n", b"+x\n", b"+0\n", b"+1\n", b"+\xff\n"]) == set()


def test_when_the_owner_closes_watched_groups_end_and_forgotten_ones_stay() -> None:
    watched, forgotten = start(SLEEPER), start(SLEEPER)
    reaper = Reaper()
    reaper.watch(watched.pid)
    reaper.watch(forgotten.pid)
    reaper.forget(forgotten.pid)
    reaper.close()
    assert watched.wait(10) == -signal.SIGTERM
    assert forgotten.poll() is None
    forgotten.kill()
    forgotten.wait()


def test_a_group_that_ignores_sigterm_is_killed_after_stop_seconds() -> None:
    stubborn = start(STUBBORN)
    end_groups({stubborn.pid}, stop_seconds=0.2)
    assert stubborn.wait(10) == -signal.SIGKILL


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs /proc to read which signals are ignored"
)
def test_ctrl_c_and_sigterm_do_not_end_the_reaper() -> None:
    watched = start(SLEEPER)
    reaper = Reaper()
    reaper.watch(watched.pid)
    numbers = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
    while not all(ignores(reaper.pid, number) for number in numbers):
        time.sleep(0.01)
    for number in numbers:
        os.kill(reaper.pid, number)
    reaper.close()
    assert watched.wait(10) == -signal.SIGTERM


def ignores(pid: int, number: signal.Signals) -> bool:
    """Return whether the process ignores the signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


def test_an_owner_goes_on_when_its_reaper_is_killed() -> None:
    reaper = Reaper()
    os.kill(reaper.pid, signal.SIGKILL)
    wait_until_dead([reaper.pid])
    reaper.watch(os.getpid())
    reaper.forget(os.getpid())
    reaper.close()
    assert is_dead(reaper.pid)
