"""The stack behind `assistant chat`: the one that is running, or one of its own for as long as the chat lasts."""

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

from bot.cli.log_output import print_line
from bot.cli.ports import free_ports
from bot.cli.reaper import Reaper, signal_group
from bot.cli.supervisor import STOP_SECONDS
from bot.settings import Settings, SettingsError

LOG_NAME = "chat-stack.log"
POLL_SECONDS = 0.2
READY_SECONDS = 120.0
READY_WITH_TRAINING_SECONDS = 900.0


class StackError(Exception):
    """No stack is available; `exit_code` is that of the command."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@contextlib.contextmanager
def ready_stack(settings: Settings) -> Iterator[str]:
    """Return the address of a stack that is ready. Raise StackError, SettingsError.

    Use the stack that answers at the gateway's port of `settings`. If none does, start one on a free port and stop it
    at the end.
    """
    status = _status(settings.gateway_url)
    if status is None:
        with _own_stack(settings) as url:
            yield url
        return
    if status != 200:
        print_line(sys.stderr, f"waiting for the stack on {settings.gateway_url}")
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
    print_line(sys.stderr, f"no stack runs yet: starting one, its log is {path}")
    reaper = Reaper()
    # A session of its own keeps Ctrl-C from the stack: the chat gets it and then stops the stack.
    process = subprocess.Popen(  # noqa: S603 (a list of constants, no shell)
        [sys.executable, "-m", "bot.cli.main", "up", "--port", str(settings.gateway_port)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    reaper.watch(process.pid)
    ready = threading.Event()
    assert process.stderr is not None
    copier = threading.Thread(target=_copy_messages, args=(process.stderr, log, ready), daemon=True)
    copier.start()
    try:
        _wait_until_ready(settings.gateway_url, process)
        ready.set()
        yield settings.gateway_url
    finally:
        ready.set()
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            # The stack gives its processes STOP_SECONDS; the reaper ends those that remain.
            process.wait(STOP_SECONDS + 5.0)
        signal_group(process.pid, 9)
        process.wait()
        reaper.forget(process.pid)
        reaper.close()
        copier.join(timeout=1.0)
        log.close()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITH_TRAINING_SECONDS
    while _status(url) != 200:
        code = process.poll()
        if code is not None:
            raise StackError(f"the stack did not start (exit code {code})", code if code > 0 else 1)
        if time.monotonic() > deadline:
            raise StackError("the stack does not become ready")
        time.sleep(POLL_SECONDS)


def _copy_messages(source: IO[bytes], log: IO[bytes], ready: threading.Event) -> None:
    """Copy the messages of `up` to the log and, until the stack is ready, to standard error."""
    for line in source:
        log.write(line)
        if not ready.is_set():
            print_line(sys.stderr, line.decode("utf-8", "replace").rstrip("\n"))


def _status(url: str) -> int | None:
    """Return the status of /readyz: 200, or 503 while the gateway starts; None if there is no gateway."""
    try:
        answer = httpx.get(f"{url}/readyz", trust_env=False, timeout=5.0)
        if answer.status_code == 200 or "ready" in answer.json():
            return answer.status_code
    except (httpx.HTTPError, ValueError, TypeError):
        pass
    return None
