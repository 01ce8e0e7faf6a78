"""Third-party servers from npm, listed in tests/stand_ins. Tests are skipped where they are not installed."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "stand_ins"
HOW = "run `npm ci --prefix tests/stand_ins` (needs Node.js 18 or newer)"


def node(*arguments: str) -> list[str]:
    """Return a command of Node.js in the folder of the stand-ins; skip the test where they are missing."""
    found = shutil.which("node")
    if found is None or not (FOLDER / "node_modules").is_dir():
        pytest.skip(f"the stand-ins are not installed: {HOW}")
    return [found, *arguments]


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def served(command: Sequence[str], port: int, log: Path) -> Iterator[str]:
    """Run a server for the block; yield its address once it listens."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=FOLDER, stdout=output, stderr=output)
    try:
        end = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < end, f"it does not listen: {log.read_text(errors='replace')[-2000:]}"
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def telegram_test_api(log: Path) -> Iterator[str]:
    """Run telegram-test-api from npm, with corrected shapes of its answers."""
    port, inner = free_port(), free_port()
    with served(node("telegram.cjs", str(port), str(inner)), port, log) as url, _listening(inner):
        yield url


@contextmanager
def prism(description: Path, log: Path, upstream: str | None = None) -> Iterator[str]:
    """Run Stoplight Prism on an OpenAPI document: as a mock, or as a validating proxy before `upstream`."""
    port = free_port()
    cli = "node_modules/@stoplight/prism-cli/dist/index.js"
    mode = ["mock", "--errors"] if upstream is None else ["proxy", "--errors"]
    listen = ["-h", "127.0.0.1", "-p", str(port), str(description), *([upstream] if upstream else [])]
    with served(node(cli, *mode, *listen), port, log) as url:
        yield url


def opinions(asked: Sequence[dict[str, Any]]) -> list[Any]:
    """Return what Twilio's JavaScript computes for each: the segments of a text, or whether a signature is valid."""
    lines = "".join(json.dumps(each) + "\n" for each in asked)
    done = subprocess.run(
        node("opinions.cjs"), cwd=FOLDER, input=lines, capture_output=True, text=True, timeout=60, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def _listening(port: int) -> Iterator[None]:
    end = time.monotonic() + 20
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        assert time.monotonic() < end
        time.sleep(0.02)
    yield
