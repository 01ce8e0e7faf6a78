"""A gateway for many tests, each with clients of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.support.gateway import FakeEngine
from tests.support.gateway_app import RunningGateway, running_gateway

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shared_engine() -> Iterator[FakeEngine]:
    with FakeEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def shared_gateway(
    tmp_path_factory: pytest.TempPathFactory, shared_engine: FakeEngine
) -> Iterator[RunningGateway]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), shared_engine.port) as gateway:
        yield gateway


@pytest.fixture
def gateway(shared_gateway: RunningGateway, shared_engine: FakeEngine) -> Iterator[RunningGateway]:
    """The gateway of the module's tests; at the end of each nothing is held back and nothing left to answer.

    A message of one test that is still waited for would take the answer that the next test prepares.
    """
    yield shared_gateway
    shared_engine.release()
    shared_engine.answers.clear()
    shared_gateway.drained()


@pytest.fixture
def peer() -> str:
    """A client that no other test speaks as."""
    return f"+1555020{next(_numbers):04}"
