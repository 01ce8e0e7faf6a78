"""One stream for the output of several processes: each line starts with the name of its process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TextIO

# A longer line is split, so that a process that writes no line ends cannot fill the memory.
MAX_LINE_BYTES = 64 * 1024
MIN_NAME_WIDTH = 8
COLOURS = ("36", "33", "32", "35", "34", "31")


class LogOutput:
    """Writes `name     | line` to `stream`, in colour only on a terminal and without NO_COLOR."""

    def __init__(self, names: Sequence[str], stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        width = max(MIN_NAME_WIDTH, *map(len, names)) if names else MIN_NAME_WIDTH
        in_colour = stream.isatty() and not environ.get("NO_COLOR")
        self._prefixes = {}
        for number, name in enumerate(names):
            prefix = f"{name.ljust(width)} | "
            if in_colour:
                prefix = f"\x1b[{COLOURS[number % len(COLOURS)]}m{prefix}\x1b[0m"
            self._prefixes[name] = prefix

    def write(self, name: str, line: str) -> None:
        """Write one line of process `name`, given without its line end."""
        print_line(self._stream, self._prefixes[name] + line)

    async def copy(self, name: str, source: asyncio.StreamReader) -> None:
        """Write all lines of `source` until it ends. Replace bytes that are not UTF-8."""
        rest = b""
        while chunk := await source.read(MAX_LINE_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) >= MAX_LINE_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.write(name, _decode(line))
        if rest:
            self.write(name, _decode(rest))


def print_line(stream: TextIO, line: str) -> None:
    """Print a line and flush it. Ignore a closed stream: the stack must go on without a reader."""
    try:
        stream.write(line + "\n")
        stream.flush()
    except (BrokenPipeError, ValueError):
        pass


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
