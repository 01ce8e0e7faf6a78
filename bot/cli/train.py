"""`assistant train`, and the model that `assistant up` needs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.cli.logs import say
from bot.cli.processes import Group, Stop
from bot.cli.reaper import Reaper
from bot.cli.stack import FOR_EVERY_PROCESS
from bot.cli.supervisor import how_it_ended

GRACE_SECONDS = 5.0


class TrainingError(Exception):
    """There is no model; the message is one line."""


async def model(env: Mapping[str, str], reaper: Reaper, stop: Stop, *, force: bool = False) -> Path | None:
    """The path of a model that matches the data, trained first if there is none (or with `force`).

    The trainer's progress goes to standard error. None when `stop` came first; raises TrainingError.
    """
    argv = [sys.executable, "-m", "nlu.train", *(["--force"] if force else [])]
    group = await Group.start(argv, env, reaper, merge_errors=False)
    reading = asyncio.create_task(group.output.read())
    code = await group.run(stop, GRACE_SECONDS)
    await group.finish(reading)
    if stop.asked.is_set():
        return None
    if code != 0 or reading.cancelled():
        raise TrainingError(f"there is no model: the training {how_it_ended(code)}")
    lines = reading.result().decode("utf-8", "replace").splitlines()
    path = Path(lines[-1].strip()) if lines and lines[-1].strip() else None
    if path is None or not path.exists():
        raise TrainingError(f"there is no model: the training named {str(path)!r}, which does not exist")
    return path


def train(*, force: bool) -> int:
    """Trains (see `model`) and prints the model's path; returns the exit code of the command."""
    try:
        path = asyncio.run(trained(force=force))
    except TrainingError as error:
        say(sys.stderr, str(error))
        return 1
    if path is None:
        return 130
    print(path)
    return 0


async def trained(*, force: bool = False) -> Path | None:
    """As `model`, for a command that starts nothing else; None when a signal to stop came first."""
    stop = Stop()
    stop.on_signals()
    reaper = Reaper()
    try:
        return await model({**os.environ, **FOR_EVERY_PROCESS}, reaper, stop, force=force)
    finally:
        reaper.close()
