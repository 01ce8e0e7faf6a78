"""A gateway for many tests, each with clients of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.support.fake_telegram import Person
from tests.support.gateway import FakeEngine
from tests.support.gateway_app import RunningGateway, running_gateway
from tests.support.live_gateway import LiveGateway, live_gateway
from tests.support.stack import folder_in_memory

_numbers = itertools.count(1)
_chats = itertools.count(7_000)


@pytest.fixture(scope="module")
def shared_engine() -> Iterator[FakeEngine]:
    with FakeEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def shared_gateway(shared_engine: FakeEngine) -> Iterator[RunningGateway]:
    with folder_in_memory() as folder, running_gateway(folder, shared_engine.port) as gateway:
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


@pytest.fixture(scope="session")
def live_engine() -> Iterator[FakeEngine]:
    with FakeEngine() as engine:
        yield engine


@pytest.fixture(scope="session")
def shared_live(live_engine: FakeEngine) -> Iterator[LiveGateway]:
    with folder_in_memory() as folder, live_gateway(folder, live_engine.port) as gateway:
        yield gateway


@pytest.fixture
def live(shared_live: LiveGateway, live_engine: FakeEngine) -> Iterator[LiveGateway]:
    """The gateway on both live channels, which have had nothing to find fault with."""
    live_engine.forget()
    yield shared_live
    live_engine.release()
    live_engine.answers.clear()
    shared_live.running.drained()
    assert shared_live.telegram.wrong == []
    assert shared_live.twilio.wrong == []


@pytest.fixture
def number() -> str:
    """A phone that no other test has."""
    return f"+1555030{next(_numbers):04}"


@pytest.fixture
def client() -> Person:
    """Somebody with Telegram whom no other test knows."""
    return Person(next(_chats))
