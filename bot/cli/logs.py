"""One stream for the output of several processes: each line carries the name of the part that wrote it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TextIO

LONGEST_LINE = (
    64 * 1024
)  # bytes; a longer one is cut, so that a part without line ends cannot fill the memory
LEAST_WIDTH = 8
COLOURS = ("36", "33", "32", "35", "34", "31")


class Logs:
    """Writes `name     | line` to `stream`; in colour only on a terminal and without NO_COLOR."""

    def __init__(self, names: Sequence[str], stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        width = max(LEAST_WIDTH, *map(len, names)) if names else LEAST_WIDTH
        in_colour = stream.isatty() and not environ.get("NO_COLOR")
        self._prefix = {}
        for number, name in enumerate(names):
            prefix = f"{name.ljust(width)} | "
            if in_colour:
                prefix = f"\x1b[{COLOURS[number % len(COLOURS)]}m{prefix}\x1b[0m"
            self._prefix[name] = prefix

    def write(self, name: str, line: str) -> None:
        """One line of part `name`, without its line end."""
        say(self._stream, self._prefix[name] + line)

    async def copy(self, name: str, source: asyncio.StreamReader) -> None:
        """Everything that `source` still gives, line by line; bytes that are not UTF-8 are replaced."""
        rest = b""
        while chunk := await source.read(LONGEST_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) >= LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.write(name, _text(line))
        if rest:
            self.write(name, _text(rest))


def say(stream: TextIO, line: str) -> None:
    """Prints a line at once; nobody reading any more is no reason to stop serving clients."""
    try:
        stream.write(line + "\n")
        stream.flush()
    except (BrokenPipeError, ValueError):
        pass


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
