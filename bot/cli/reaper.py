"""Keeps processes from outliving the one that started them, even when that one is killed with SIGKILL.

`python -m bot.cli.reaper` holds the read end of a pipe. Lines "+PGID" and "-PGID" tell it which process
groups exist. The kernel closes the pipe when the owner dies, whatever it died of; then the groups that are
still listed get SIGTERM and, 5 seconds later, SIGKILL. Standard library only, so that it starts fast and
stays small.
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

GRACE_SECONDS = 5.0
ROOT = Path(__file__).resolve().parents[2]


class Reaper:
    """The owner's end: starts a reaper process and tells it what to watch."""

    def __init__(self) -> None:
        # Its own session: a Ctrl-C or a kill of the owner's group must not take it along.
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
        """From now on the process group `group` dies with the owner."""
        self._say(f"+{group}\n")

    def forget(self, group: int) -> None:
        """The group is gone; its number may soon be another's."""
        self._say(f"-{group}\n")

    def close(self) -> None:
        """Ends the reaper, which first ends every group that is still watched; waits for that."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        # A reaper that somebody killed is no reason to stop serving clients.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


def groups_left(lines: Iterable[bytes]) -> set[int]:
    """The process groups that are still listed when `lines` end."""
    groups: set[int] = set()
    for line in lines:
        text = line.decode("ascii", "replace").strip()
        # 0 and 1 would mean the reaper's own group and everybody's.
        if text[1:].isdigit() and int(text[1:]) > 1:
            (groups.add if text[0] == "+" else groups.discard)(int(text[1:]))
    return groups


def signal_group(group: int, number: int) -> bool:
    """Sends signal `number` (0: only look) to a process group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # A zombie that waits to be collected answers so on some systems; a stranger's group always does.
        return False
    return True


def end_groups(groups: Iterable[int], grace: float = GRACE_SECONDS) -> None:
    """SIGTERM to every group, SIGKILL to those that are still there after `grace` seconds."""
    left = {group for group in groups if signal_group(group, signal.SIGTERM)}
    deadline = time.monotonic() + grace
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if signal_group(group, 0)}
    for group in left:
        signal_group(group, signal.SIGKILL)


def main() -> None:
    """Reads standard input to its end, then ends what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(groups_left(sys.stdin.buffer))


if __name__ == "__main__":
    main()
