"""Ends processes whose owner has died, even if the owner was killed with SIGKILL.

`python -m bot.cli.reaper` holds the read end of a pipe. The lines "+PGID" and "-PGID" add and remove a process group.
The kernel closes the pipe when the owner dies for any reason; then the groups still listed get SIGTERM and, 5 seconds
later, SIGKILL. Imports the standard library only, to start fast and stay small.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

STOP_SECONDS = 5.0
ROOT = Path(__file__).resolve().parents[2]


class Reaper:
    """The owner's side: starts a reaper process and tells it which groups to watch."""

    def __init__(self) -> None:
        # A session of its own keeps Ctrl-C, or a kill of the owner's group, from ending it.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli.reaper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            cwd=ROOT,
        )

    @property
    def pid(self) -> int:
        """The reaper's process id."""
        return self._process.pid

    def watch(self, group: int) -> None:
        """End the process group `group` when the owner dies."""
        self._send(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Stop watching a group that has ended, before its number is reused."""
        self._send(f"-{group}\n")

    def close(self) -> None:
        """End every watched group and then the reaper, and wait for both."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        # The stack must go on even if the reaper was killed.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


def watched_groups(lines: Iterable[bytes]) -> set[int]:
    """Return the process groups that are still listed when `lines` end."""
    groups: set[int] = set()
    for line in lines:
        text = line.decode("ascii", "replace").strip()
        # Groups 0 and 1 would mean the reaper's own group and all processes.
        if text[1:].isdigit() and int(text[1:]) > 1:
            (groups.add if text[0] == "+" else groups.discard)(int(text[1:]))
    return groups


def signal_group(group: int, number: int) -> bool:
    """Send signal `number` (0: only check) to a process group. Return False if the group is empty."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Some systems answer like this for a zombie, and all for a group of another user.
        return False
    return True


def end_groups(groups: Iterable[int], stop_seconds: float = STOP_SECONDS) -> None:
    """Send SIGTERM to every group, and SIGKILL to those that remain after `stop_seconds`."""
    left = {group for group in groups if signal_group(group, signal.SIGTERM)}
    deadline = time.monotonic() + stop_seconds
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if signal_group(group, 0)}
    for group in left:
        signal_group(group, signal.SIGKILL)


def main() -> None:
    """Read standard input to its end, then end the groups that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(watched_groups(sys.stdin.buffer))


if __name__ == "__main__":
    main()
