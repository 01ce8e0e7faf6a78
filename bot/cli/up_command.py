"""`assistant up`: the whole stack on this machine, from one command, until Ctrl-C.

Standard output carries the logs of the processes, standard error the messages of `up` itself.
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

from bot.cli.log_output import LogOutput, print_line
from bot.cli.ports import LOOPBACK, port_error
from bot.cli.process_group import StopRequest
from bot.cli.reaper import Reaper
from bot.cli.stack_config import complete_settings, has_sandbox, process_specs, stack_environment
from bot.cli.supervisor import Supervisor
from bot.cli.train_command import TrainingError, provide_model
from bot.settings import Settings, SettingsError, env_file_values, list_warnings

POLL_SECONDS = 0.25
REPEAT_SECONDS = 30.0
LOCK_NAME = "stack.lock"


def up(port: int | None) -> int:
    """Run a stack until a stop is requested. Return the exit code. Raise SettingsError."""
    started_at = time.monotonic()
    settings = Settings.read()
    settings = replace(settings, gateway_port=port or settings.gateway_port)
    # Databases and keys belong to this user alone, even if others created STATE_DIR.
    os.umask(0o077)
    for line in list_warnings():
        print_notice(line)
    with lock_state_dir(settings.state_dir, settings.gateway_port):
        check_ports(settings)
        return asyncio.run(_run_stack(settings, started_at))


def print_notice(line: str) -> None:
    """Print one line of `up` itself, on standard error."""
    print_line(sys.stderr, line)


@contextlib.contextmanager
def lock_state_dir(state_dir: Path, port: int) -> Iterator[None]:
    """Create `state_dir` and lock it: two stacks on one database would answer each other's clients.

    Raise SettingsError if it cannot be written or another stack holds the lock. The lock ends with the process.
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
    """Raise SettingsError if a port that was set cannot be used."""
    if reason := port_error(settings.host, settings.gateway_port):
        raise SettingsError(f"{reason}; `assistant up --port N` listens on another one")
    internal = {
        "RASA_PORT": settings.rasa_port,
        "ACTIONS_PORT": settings.actions_port,
        "SANDBOX_PORT": settings.sandbox_port,
    }
    for name, port in internal.items():
        if port and (reason := port_error(LOOPBACK, port)):
            raise SettingsError(f"{name}: {reason}")


async def _run_stack(settings: Settings, started_at: float) -> int:
    stop = StopRequest()
    stop.listen_to_signals()
    inherited = {**env_file_values(), **os.environ}
    sandbox = has_sandbox(settings)
    settings = complete_settings(settings)
    reaper = Reaper()
    try:
        model = await provide_model(stack_environment(settings, "", inherited), reaper, stop)
        if model is None:
            return 0
        specs = process_specs(stack_environment(settings, str(model), inherited), sandbox=sandbox)
        log = LogOutput([spec.name for spec in specs], sys.stdout)
        supervisor = Supervisor(specs, log, on_notice=print_notice, reaper=reaper, stop=stop)
        reporting = asyncio.create_task(_report_start(settings, stop, started_at))
        await supervisor.run()
        reporting.cancel()
    except TrainingError as error:
        print_notice(str(error))
        return 1
    finally:
        reaper.close()
    print_notice("stopped")
    return 0


async def _report_start(settings: Settings, stop: StopRequest, started_at: float) -> None:
    """Print the progress of the start and, once the stack is ready, its addresses."""
    printed, printed_at = "", started_at
    async with httpx.AsyncClient(base_url=settings.gateway_url, trust_env=False, timeout=2.0) as client:
        while not stop.requested.is_set():
            progress = await _progress(client)
            if progress is None:
                break
            if progress != printed or time.monotonic() - printed_at > REPEAT_SECONDS:
                printed, printed_at = progress, time.monotonic()
                print_notice(f"starting: {progress}")
            await asyncio.sleep(POLL_SECONDS)
        else:
            return
    print_notice(f"ready after {time.monotonic() - started_at:.1f} s on {settings.gateway_url}")
    if settings.simulator:
        print_notice(f"simulator: {settings.gateway_url}/simulator")
    print_notice(f"desk: {settings.gateway_url}/desk/ (accounts: assistant desk add-agent NAME)")
    print_notice("stop with Ctrl-C")


async def _progress(client: httpx.AsyncClient) -> str | None:
    """Return which processes are ready, in words; None if all are."""
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
