"""The desk on a real database, and the gateway with its pages over real HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.storage import Database
from tests.support.desk import DeskClient, Login, add_agent
from tests.support.desk_places import AtChatwoot, AtTheBuiltInDesk, Place
from tests.support.gateway import FakeEngine, ManualClock, Parts, reply, request_handoff
from tests.support.gateway_app import RunningGateway, running_gateway
from tests.support.hand_off import HandOffStory, add_agents


@pytest.fixture
async def story(sqlite: Database, clock: ManualClock, engine: FakeEngine) -> AsyncIterator[HandOffStory]:
    """A client, two agents who are there, a worker and the timers."""
    parts = Parts(sqlite, clock)
    client = engine.client()
    told = HandOffStory(parts, engine, parts.worker(client))
    await parts.database.run(add_agents)
    yield told
    await client.close()


@pytest.fixture(params=[AtTheBuiltInDesk, AtChatwoot])
def place(request: pytest.FixtureRequest, story: HandOffStory) -> Place:
    """Each desk in turn."""
    make: Callable[[HandOffStory], Place] = request.param
    return make(story)


@pytest.fixture
def elsewhere(story: HandOffStory) -> AtChatwoot:
    """The desk of somebody else alone."""
    return AtChatwoot(story)


class ServedDesk:
    """A gateway that serves, with people who can log in."""

    def __init__(self, gateway: RunningGateway, engine: FakeEngine, folder: Path) -> None:
        self.gateway = gateway
        self.engine = engine
        self.folder = folder
        self.agent: Login = add_agent(folder, "anna", "Anna")
        self.lead: Login = add_agent(folder, "ken", "Ken", "lead")
        self.auditor: Login = add_agent(folder, "audrey", "Audrey", "auditor")
        self.clients: dict[str, DeskClient] = {}

    def as_(self, who: Login) -> DeskClient:
        """A browser in which `who` is logged in; the same one each time, since a code serves once."""
        if who.name not in self.clients:
            client = DeskClient(self.gateway.url)
            assert client.log_in(who).status_code == 303
            self.clients[who.name] = client
        return self.clients[who.name]

    def asks(self, peer: str, text: str = "a person please", **directive: Any) -> int:
        """A client asks for a person; gives back the conversation's id."""
        # Whoever waits already is not answered: what was meant for them is for nobody else.
        self.engine.answers.clear()
        self.engine.answers.append(reply("One moment.", directives=[request_handoff(**directive)]))
        self.gateway.send(text, peer=peer, channel="telegram", language_code="en")
        self.gateway.settled(peer, "telegram")
        with sqlite3.connect(self.folder / "assistant.db") as connection:
            row = connection.execute("SELECT id FROM conversation WHERE peer = ?", (peer,)).fetchone()
        return int(row[0])

    def nobody(self) -> DeskClient:
        return DeskClient(self.gateway.url)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """One gateway for the tests of a file."""
    folder = tmp_path_factory.mktemp("desk")
    with FakeEngine() as engine, running_gateway(folder, engine.port) as gateway:
        desk = ServedDesk(gateway, engine, folder)
        yield desk
        for client in desk.clients.values():
            client.close()
