"""One stack for all conversations, started once and only where Rasa is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Generator, Iterator

import pytest

from knowledge import Knowledge
from tests.support.knowledge import KNOWLEDGE
from tests.support.stack import ROOT, Stack, folder_in_memory, running_stack

TRAINING_SECONDS = 400
LOG_LINES = 60
STACK = pytest.StashKey[Stack]()


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The assistant's knowledge: its labels and texts."""
    return KNOWLEDGE


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The running stack, with a model that matches the data (trained if there is none)."""
    if importlib.util.find_spec("rasa") is None:
        pytest.skip("Rasa is not installed (it needs Python 3.10)")
    train = [sys.executable, "-m", "bot.cli.main", "train"]
    subprocess.run(train, cwd=ROOT, check=True, timeout=TRAINING_SECONDS, capture_output=True)
    with folder_in_memory() as folder, running_stack(folder) as running:
        request.config.stash[STACK] = running
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of the stack's log to the report of a test that failed."""
    report = yield
    running = item.config.stash.get(STACK, None)
    if report.failed and running is not None and running.log_file.exists():
        report.sections.append(("the stack's log", "\n".join(running.log.splitlines()[-LOG_LINES:])))
    return report
