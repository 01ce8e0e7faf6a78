"""`assistant train`, and the model that `assistant up` needs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.cli.log_output import print_line
from bot.cli.process_group import ProcessGroup, StopRequest
from bot.cli.reaper import Reaper
from bot.cli.stack_config import COMMON_ENVIRONMENT
from bot.cli.supervisor import describe_exit

STOP_SECONDS = 5.0


class TrainingError(Exception):
    """There is no model; the message is one line."""


async def provide_model(
    env: Mapping[str, str], reaper: Reaper, stop: StopRequest, *, force: bool = False
) -> Path | None:
    """Return the path of a model that matches the data. Train one if there is none, or with `force`.

    The trainer writes its progress to standard error. Return None if `stop` was requested before the end. Raise
    TrainingError.
    """
    argv = [sys.executable, "-m", "nlu.train", *(["--force"] if force else [])]
    group = await ProcessGroup.start(argv, env, reaper, merge_errors=False)
    reading = asyncio.create_task(group.output.read())
    code = await group.run(stop, STOP_SECONDS)
    await group.finish(reading)
    if stop.requested.is_set():
        return None
    if code != 0 or reading.cancelled():
        raise TrainingError(f"there is no model: the training {describe_exit(code)}")
    lines = reading.result().decode("utf-8", "replace").splitlines()
    path = Path(lines[-1].strip()) if lines and lines[-1].strip() else None
    if path is None or not path.exists():
        raise TrainingError(f"there is no model: the training named {str(path)!r}, which does not exist")
    return path


def train(*, force: bool) -> int:
    """Provide a model and print its path. Return the exit code of the command."""
    try:
        path = asyncio.run(provide_model_alone(force=force))
    except TrainingError as error:
        print_line(sys.stderr, str(error))
        return 1
    if path is None:
        return 130
    print(path)
    return 0


async def provide_model_alone(*, force: bool = False) -> Path | None:
    """Provide a model outside of a stack. Return None if a signal stopped the training."""
    stop = StopRequest()
    stop.listen_to_signals()
    reaper = Reaper()
    try:
        return await provide_model({**os.environ, **COMMON_ENVIRONMENT}, reaper, stop, force=force)
    finally:
        reaper.close()
