"""A whole stack, started by its command on free ports and with its own state folder."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).parents[2]
MODULES = {
    "gateway": "bot.app",
    "rasa": "nlu.server",
    "actions": "actions.server",
    "sandbox": "sandbox.server",
}
READY_SECONDS = 120.0


@dataclass(frozen=True)
class Stack:
    """A running stack. `log` is its output."""

    url: str
    sandbox_port: int
    state_dir: Path
    log_file: Path
    process: psutil.Process
    environment: dict[str, str]

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def part(self, name: str) -> psutil.Process | None:
        """Return the running process of a part, or None while it is down."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in self.process.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if MODULES[name] in child.cmdline():
                        return child
        return None

    def kill(self, name: str) -> None:
        """Kill a part; wait for it first if it is being restarted."""
        end = time.monotonic() + READY_SECONDS
        while (part := self.part(name)) is None:
            assert time.monotonic() < end, f"{name} does not come back"
            time.sleep(0.05)
        part.send_signal(signal.SIGKILL)
        part.wait(10)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock."""
        self._sandbox("POST", "/sandbox/clock", {"advance_seconds": seconds})

    def ledger(self) -> dict[str, Any]:
        """Return the ledger of the sandbox."""
        return dict(self._sandbox("GET", "/sandbox/ledger").json())

    def _sandbox(self, method: str, path: str, body: object = None) -> httpx.Response:
        token = self.environment["AUTH_BACKEND_TOKEN"]
        answer = httpx.request(
            method,
            f"http://127.0.0.1:{self.sandbox_port}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        )
        return answer.raise_for_status()

    def wait_until_ready(self) -> None:
        """Wait until the stack answers. Raises AssertionError with its log when it has ended or takes too long."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self.process.is_running():
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"the stack is not ready\n{self.log[-4000:]}")


@contextlib.contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Create a temporary folder, in memory where the system supports it.

    For tests that do not depend on durability: a turn is committed several times, and on a slow
    disk most of its time is spent on that.
    """
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="assistant-tests-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        yield Path(folder)


@contextlib.contextmanager
def running_stack(state_dir: Path, root: Path = ROOT, /, **settings: str) -> Iterator[Stack]:
    """Start a stack of the checkout `root` with `settings` on top of the environment; stop it as Ctrl-C does."""
    state_dir.mkdir(parents=True, exist_ok=True)
    port, sandbox_port = _free_ports(2)
    log_file = state_dir / "stack.log"
    environment = {
        **os.environ,
        "STATE_DIR": str(state_dir),
        "SANDBOX_PORT": str(sandbox_port),
        "SANDBOX_CONTROLS": "on",
        **settings,
    }
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli.main", "up", "--port", str(port)],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    stack = Stack(
        f"http://127.0.0.1:{port}",
        sandbox_port,
        state_dir,
        log_file,
        psutil.Process(process.pid),
        environment,
    )
    try:
        stack.wait_until_ready()
        stack.environment.update(stack.part("sandbox").environ())  # type: ignore[union-attr]
        yield stack
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
