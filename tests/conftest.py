"""Fixtures and rules for all tests. With CI set, a skipped test counts as failed."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterator

import pytest

from tests.support.stack import Stack, running_stack


def pytest_configure() -> None:
    """Restore SIGINT for the programs that tests start.

    A shell that runs the tests in the background ignores it, and child processes inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--long`, which runs only the tests that take minutes. Without it they are deselected, not skipped."""
    parser.addoption("--long", action="store_true", help="run the tests marked `long`, and only them")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select tests by `--long`. Keep each file, and all tests that import Rasa, on one worker of pytest-xdist."""
    long = config.getoption("--long")
    deselected = [item for item in items if bool(item.get_closest_marker("long")) != long]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in set(deselected)]
    for item in items:
        group = "rasa" if item.get_closest_marker("rasa") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Exclude imported modules from garbage collection, which would otherwise take half a second again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    """Use Python's own event loop for every test: importing Sanic replaces it for the whole process."""
    return asyncio.DefaultEventLoopPolicy()


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield one stack for all conversations. Tests that kill processes start their own."""
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


IN_CI = bool(os.environ.get("CI"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests that were skipped in CI."""
    skipped = terminalreporter.stats.get("skipped", [])
    if IN_CI and skipped:
        terminalreporter.section("skipped: counts as failed because CI is set")
        for report in skipped:
            terminalreporter.line(f"{report.nodeid}: {report.longrepr[-1] if report.longrepr else ''}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in CI if a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and reporter and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
