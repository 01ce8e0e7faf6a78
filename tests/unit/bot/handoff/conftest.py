"""A desk with two agents, a clock to turn, and what a client and an agent do in one line."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.settings.desk_settings import DeskSettings
from bot.settings.hours import Hours, parse_hours
from bot.storage import Database
from tests.support.gateway import FakeEngine, ManualClock, Parts
from tests.support.hand_off import HandOffStory, add_agents

OFFICE = "Mon-Fri 09:00-18:00 Asia/Tokyo"


@pytest.fixture
async def story(database: Database, clock: ManualClock, engine: FakeEngine) -> AsyncIterator[HandOffStory]:
    """A client, two agents who are there, a worker and the timers."""
    parts = Parts(database, clock)
    client = engine.client()
    told = HandOffStory(parts, engine, parts.worker(client))
    await parts.database.run(add_agents)
    yield told
    await client.close()


@pytest.fixture
def office_hours(story: HandOffStory) -> Hours:
    """The desk keeps office hours in Tokyo from now on."""
    kept = parse_hours(OFFICE)
    story.parts.handoffs.settings = DeskSettings(hours=kept)
    return kept
