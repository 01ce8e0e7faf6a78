"""`assistant up`: the whole stack on this machine, from one command, until Ctrl-C.

Standard output carries the parts' logs; standard error what `up` itself has to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx

from bot.cli import stack
from bot.cli.logs import Logs, say
from bot.cli.ports import why_not_free
from bot.cli.processes import Stop
from bot.cli.reaper import Reaper
from bot.cli.supervisor import Supervisor
from bot.cli.train import TrainingError, model
from bot.settings import Settings, SettingsError, env_file_values, list_warnings

POLL_SECONDS = 0.25
REPEAT_SECONDS = 30.0
LOCK_NAME = "stack.lock"


def up(port: int | None) -> int:
    """Runs a stack until it is asked to stop; returns the exit code (2: it could not even begin)."""
    began = time.monotonic()
    settings = Settings.read()
    settings = replace(settings, gateway_port=port or settings.gateway_port)
    # What the parts write (databases, keys) is nobody else's, even where STATE_DIR was made by others.
    os.umask(0o077)
    for line in list_warnings():
        notice(line)
    with only_stack(settings.state_dir, settings.gateway_port):
        check_ports(settings)
        return asyncio.run(_up(settings, began))


def notice(line: str) -> None:
    """One line of `up` itself, on standard error."""
    say(sys.stderr, line)


@contextlib.contextmanager
def only_stack(state_dir: Path, port: int) -> Iterator[None]:
    """Makes `state_dir` and holds its lock: two stacks on one database would answer each other's clients.

    Raises SettingsError when it cannot be written or a stack holds it already. The lock ends with the
    process, whatever ends that.
    """
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (state_dir / LOCK_NAME).open("a+", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"STATE_DIR {state_dir} cannot be used: {error.strerror or error}") from error
    with file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            raise SettingsError(
                f"STATE_DIR {state_dir} is in use by a stack ({holder}); stop it or set another STATE_DIR"
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, port {port}\n")
        lock.flush()
        yield


def check_ports(settings: Settings) -> None:
    """Raises SettingsError when a port that was asked for is taken."""
    if reason := why_not_free(settings.host, settings.gateway_port):
        raise SettingsError(f"{reason}; `assistant up --port N` listens on another one")
    for name in ("rasa", "actions", "sandbox"):
        port = getattr(settings, f"{name}_port")
        if port and (reason := why_not_free("127.0.0.1", port)):
            raise SettingsError(f"{name.upper()}_PORT: {reason}")


async def _up(settings: Settings, began: float) -> int:
    stop = Stop()
    stop.on_signals()
    outside = {**env_file_values(), **os.environ}
    sandbox = stack.has_sandbox(settings)
    settings = stack.complete(settings)
    reaper = Reaper()
    try:
        path = await model(stack.environment(settings, "", outside), reaper, stop)
        if path is None:
            return 0
        parts = stack.parts(stack.environment(settings, str(path), outside), sandbox=sandbox)
        logs = Logs([part.name for part in parts], sys.stdout)
        supervisor = Supervisor(parts, logs, notice=notice, reaper=reaper, stop=stop)
        watching = asyncio.create_task(_announce(settings, stop, began))
        await supervisor.run()
        watching.cancel()
    except TrainingError as error:
        notice(str(error))
        return 1
    finally:
        reaper.close()
    notice("stopped")
    return 0


async def _announce(settings: Settings, stop: Stop, began: float) -> None:
    """Says how the start gets on and, once the stack is ready, where it is."""
    said, said_at = "", began
    async with httpx.AsyncClient(base_url=settings.gateway_url, trust_env=False, timeout=2.0) as client:
        while not stop.asked.is_set():
            progress = await _progress(client)
            if progress is None:
                break
            if progress != said or time.monotonic() - said_at > REPEAT_SECONDS:
                said, said_at = progress, time.monotonic()
                notice(f"starting: {progress}")
            await asyncio.sleep(POLL_SECONDS)
        else:
            return
    notice(f"ready after {time.monotonic() - began:.1f} s on {settings.gateway_url}")
    if settings.simulator:
        notice(f"simulator: {settings.gateway_url}/simulator")
    notice(f"desk: {settings.gateway_url}/desk/ (accounts: assistant desk add-agent NAME)")
    notice("stop with Ctrl-C")


async def _progress(client: httpx.AsyncClient) -> str | None:
    """Which parts are there, in words; None when all are."""
    try:
        answer = await client.get("/readyz")
        if answer.status_code == 200:
            return None
        ready = dict(answer.json()["parts"])
    except httpx.HTTPError:
        return "gateway ..."
    except (ValueError, KeyError, TypeError):
        return "gateway ok"
    return ", ".join(f"{name} {'ok' if ok else '...'}" for name, ok in {"gateway": True, **ready}.items())
