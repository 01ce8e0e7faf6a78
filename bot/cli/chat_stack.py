"""The stack behind `assistant chat`: one that runs already, or one of its own while the chat lasts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

import httpx

from bot.cli.logs import say
from bot.cli.ports import free_ports
from bot.cli.reaper import Reaper, signal_group
from bot.cli.supervisor import GRACE_SECONDS
from bot.settings import Settings, SettingsError

LOG_NAME = "chat-stack.log"
POLL_SECONDS = 0.2
READY_SECONDS = 120.0
READY_WITH_TRAINING_SECONDS = 900.0


class StackError(Exception):
    """There is no stack to talk to; `code` is the exit code for the command."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@contextlib.contextmanager
def running_stack(settings: Settings) -> Iterator[str]:
    """The address of a stack that is ready; raises StackError, SettingsError.

    Where one answers at the gateway's port of `settings`, it is that one. Else one is started on a free port
    and stopped at the end.
    """
    status = _status(settings.gateway_url)
    if status is None:
        with _own_stack(settings) as url:
            yield url
        return
    if status != 200:
        say(sys.stderr, f"waiting for the stack on {settings.gateway_url}")
    deadline = time.monotonic() + READY_SECONDS
    while _status(settings.gateway_url) != 200:
        if time.monotonic() > deadline:
            raise StackError(f"the stack on {settings.gateway_url} does not become ready")
        time.sleep(POLL_SECONDS)
    yield settings.gateway_url


@contextlib.contextmanager
def _own_stack(settings: Settings) -> Iterator[str]:
    if not settings.simulator:
        raise SettingsError("SIMULATOR must be on for a chat, and it is off")
    settings = replace(settings, gateway_port=free_ports(1)[0])
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = settings.state_dir / LOG_NAME
        path.write_bytes(b"")
        log = path.open("ab", buffering=0)
    except OSError as error:
        raise SettingsError(f"STATE_DIR {settings.state_dir} cannot be used: {error.strerror}") from error
    say(sys.stderr, f"no stack runs yet: starting one, its log is {path}")
    reaper = Reaper()
    # Its own session: Ctrl-C is for the chat, which then stops the stack in an orderly way.
    process = subprocess.Popen(  # noqa: S603 (a list of our own words, no shell)
        [sys.executable, "-m", "bot.cli.main", "up", "--port", str(settings.gateway_port)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    reaper.watch(process.pid)
    ready = threading.Event()
    assert process.stderr is not None
    pump = threading.Thread(target=_pump, args=(process.stderr, log, ready), daemon=True)
    pump.start()
    try:
        _wait(settings.gateway_url, process)
        ready.set()
        yield settings.gateway_url
    finally:
        ready.set()
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            # The stack gives its parts GRACE_SECONDS; what is left after that is the reaper's.
            process.wait(GRACE_SECONDS + 5.0)
        signal_group(process.pid, 9)
        process.wait()
        reaper.forget(process.pid)
        reaper.close()
        pump.join(timeout=1.0)
        log.close()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITH_TRAINING_SECONDS
    while _status(url) != 200:
        code = process.poll()
        if code is not None:
            raise StackError(f"the stack did not start (exit code {code})", code if code > 0 else 1)
        if time.monotonic() > deadline:
            raise StackError("the stack does not become ready")
        time.sleep(POLL_SECONDS)


def _pump(source: IO[bytes], log: IO[bytes], ready: threading.Event) -> None:
    """Puts what `up` says into the log and, until the stack is ready, before the user."""
    for line in source:
        log.write(line)
        if not ready.is_set():
            say(sys.stderr, line.decode("utf-8", "replace").rstrip("\n"))


def _status(url: str) -> int | None:
    """What /readyz answers: 200, or 503 of a gateway that still starts; None when there is no gateway."""
    try:
        answer = httpx.get(f"{url}/readyz", trust_env=False, timeout=5.0)
        if answer.status_code == 200 or "ready" in answer.json():
            return answer.status_code
    except (httpx.HTTPError, ValueError, TypeError):
        pass
    return None
