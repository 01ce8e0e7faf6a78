"""The gateway is killed during a hand-off: no message is lost or sent twice, and there is one owner."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bot.handoff.schedule import AT_REST
from tests.support.desk import DeskClient, add_agent
from tests.support.fake_telegram import FakeTelegram
from tests.support.fake_twilio import FakeTwilio, incoming, signed
from tests.support.gateway import FakeEngine, reply
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.knowledge import KNOWLEDGE
from tests.support.live_gateway import live_settings

NUMBERS = (f"+1555040{number:04d}" for number in itertools.count(1))


@dataclass(frozen=True)
class Desk:
    """The gateway as a separate process, the fakes of its neighbours, and an agent in a browser."""

    gateway: GatewayProcess
    engine: FakeEngine
    twilio: FakeTwilio
    agent: DeskClient


class Story:
    """A client who writes by SMS and is handed over to an agent, while the gateway is killed."""

    def __init__(self, desk: Desk) -> None:
        self.gateway = desk.gateway
        self.engine = desk.engine
        self.twilio = desk.twilio
        self.agent = desk.agent
        self.number = next(NUMBERS)
        self.acknowledged: list[str] = []

    def writes(self, text: str, read: bool = True) -> None:
        """Write one message as the client and require its acknowledgement; with `read`, wait until it is read."""
        target, body, headers = signed("/webhooks/sms", incoming(self.number, text))
        with httpx.Client(base_url=self.gateway.url, timeout=10, trust_env=False) as http:
            assert http.post(target, content=body, headers=headers).is_success
        self.acknowledged.append(text)
        if read:
            wait(lambda: not self.rows("SELECT 1 FROM inbound WHERE state = 'queued'"))

    def hands_over(self) -> None:
        """Let the engine answer the next turn with a hand-off."""
        self.engine.answers.append(reply("One moment.", directives=[{"type": "handoff", "reason": "asked"}]))

    def asks(self) -> int:
        """Ask for a person and wait for the notice of the queue; return the conversation's id."""
        self.hands_over()
        self.writes("a person please")
        self.has_read("One moment.", self.notice("queued"))
        return self.conversation

    def has_read(self, *beginnings: str) -> None:
        """Wait until the client has exactly one message with each of the beginnings."""
        for text in beginnings:
            wait(lambda text=text: any(one.startswith(text) for one in self.got))  # type: ignore[misc]
            assert sum(one.startswith(text) for one in self.got) == 1, self.got

    def notice(self, name: str) -> str:
        """Return the beginning of a notice of the desk."""
        return KNOWLEDGE.text("handoff", name, "en", "sms").partition("{")[0]

    def restart(self) -> None:
        """Kill the gateway and start it again."""
        self.gateway.kill()
        self.gateway.start()

    @property
    def got(self) -> list[str]:
        return self.twilio.bodies(self.number)

    @property
    def conversation(self) -> int:
        return int(self.rows("SELECT id FROM conversation WHERE peer = ?", self.number)[0][0])

    @property
    def state(self) -> str:
        return str(self.rows("SELECT state FROM conversation WHERE peer = ?", self.number)[0][0])

    def cases(self) -> list[Any]:
        """Return the outcome of each of the client's cases."""
        return self.rows(
            "SELECT outcome FROM handoff JOIN conversation ON conversation.id = conversation_id WHERE peer = ?",
            self.number,
        )

    def rows(self, query: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self.gateway.folder / "assistant.db", timeout=20)) as connection:
            return connection.execute(query, values).fetchall()

    def change(self, query: str, *values: object) -> None:
        with closing(sqlite3.connect(self.gateway.folder / "assistant.db", timeout=20)) as connection:
            connection.execute(query, values)
            connection.commit()

    def check_invariants(self) -> None:
        """Check on the stored rows what must hold after every kill: I1 to I7 of the hand-off."""
        doubled = self.rows(
            "SELECT conversation_id, epoch FROM handoff_event GROUP BY conversation_id, epoch"
            " HAVING count(DISTINCT to_state || '/' || coalesce(agent_id, '')) > 1"
        )
        assert doubled == [], "one epoch has two owners"
        wait(lambda: not self.rows("SELECT 1 FROM outbound WHERE state = 'queued'"))
        sent = self.rows(
            "SELECT text FROM outbound WHERE state <> 'dropped' AND conversation_id = ? ORDER BY id",
            self.conversation,
        )
        # A menu is part of the SMS, and not of the stored text.
        texts = [text for (text,) in sent]
        arrived = [got.startswith(text) for got, text in zip(self.got, texts, strict=False)]
        assert arrived == [True] * len(texts), "a stored message did not arrive, or not in order"
        assert len(self.got) == len(texts), "a message was sent more than once"
        inbound = self.rows(
            "SELECT id, content, state, consumer FROM inbound WHERE conversation_id = ? ORDER BY id",
            self.conversation,
        )
        assert [row[1] for row in inbound] == self.acknowledged, (
            "an acknowledged message is not stored exactly once"
        )
        assert {row[2] for row in inbound} == {"done"}, "an inbound message was not read"
        asked = {turn["text"] for turn in self.engine.turns}
        for_people = {row[1] for row in inbound if row[3] == "desk"}
        assert not asked & for_people, "a message for the desk reached the assistant"
        for state, deadline in self.rows("SELECT state, deadline_at FROM conversation"):
            assert (deadline is None) == (state in AT_REST), f"state {state} has the deadline {deadline}"


def wait(condition: Callable[[], Any], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Run one gateway for all tests of the file; each of them kills and restarts it."""
    folder = tmp_path_factory.mktemp("killed-desk")
    with FakeEngine() as engine, FakeTelegram() as telegram, FakeTwilio() as twilio:
        settings = live_settings(telegram.url, twilio.url)
        with gateway_process(folder, engine.port, settings) as gateway:
            agent = DeskClient(gateway.url)
            answer = agent.log_in(add_agent(folder, "anna", "Anna"))
            # The cookie is only sent over https, which a proxy terminates in production.
            agent.http.headers["cookie"] = answer.headers["set-cookie"].partition(";")[0]
            yield Desk(gateway, engine, twilio, agent)
            agent.close()
        assert twilio.wrong == []


@pytest.fixture
def story(desk: Desk) -> Iterator[Story]:
    desk.engine.forget()
    new_story = Story(desk)
    yield new_story
    new_story.check_invariants()


def test_killed_between_the_directive_and_the_queue(story: Story) -> None:
    story.engine.hold()
    story.hands_over()
    story.writes("a person please", read=False)
    wait(lambda: story.engine.turns)
    # The assistant has answered with a hand-off, and the gateway is killed while the database is locked.
    with closing(sqlite3.connect(story.gateway.folder / "assistant.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        story.engine.release()
        time.sleep(0.3)
        story.gateway.kill()
    assert story.cases() == []
    # The turn is retried, and gets the same answer.
    story.hands_over()
    story.gateway.start()
    story.has_read("One moment.", story.notice("queued"))
    assert len({turn["message"] for turn in story.engine.turns}) == 1, (
        "the retry had another key than the first attempt"
    )
    assert story.state == "QUEUED"
    assert len(story.cases()) == 1


def test_killed_between_the_queue_and_its_notice(story: Story) -> None:
    story.twilio.faults["POST Messages"].append("hang")
    story.hands_over()
    story.writes("a person please")
    wait(lambda: not story.twilio.faults["POST Messages"])
    assert story.state == "QUEUED"
    story.restart()
    story.has_read("One moment.", story.notice("queued"))
    story.writes("are you there?")
    assert story.state == "QUEUED"


def test_killed_between_an_agents_reply_and_its_sending(story: Story) -> None:
    conversation = story.asks()
    story.agent.act(conversation, "take")
    story.twilio.faults["POST Messages"].append("hang")
    form = {**story.agent.fields(conversation), "text": "Good morning, Anna here."}
    path = f"/desk/conversations/{conversation}/reply"
    assert story.agent.http.post(path, data=form).status_code == 303
    wait(lambda: not story.twilio.faults["POST Messages"])
    story.restart()
    # The browser does not know whether the form arrived, and sends it again.
    story.agent.http.post(path, data=form)
    story.has_read(story.notice("with_agent"), "Good morning, Anna here.")
    assert story.state == "HUMAN"
    story.writes("thank you")
    assert story.state == "HUMAN"
    assert len(story.engine.turns) == 1


def test_killed_between_resolving_and_the_end_of_the_wrap_up(story: Story) -> None:
    conversation = story.asks()
    story.agent.act(conversation, "reply", text="Please look now.")
    story.has_read("Please look now.")
    story.twilio.faults["POST Messages"].append("hang")
    assert story.agent.act(conversation, "resolve", outcome="solved").status_code == 303
    wait(lambda: not story.twilio.faults["POST Messages"])
    story.gateway.kill()
    assert story.state == "WRAPUP"
    # The ten minutes of the wrap-up pass while the gateway is down.
    story.change(
        "UPDATE conversation SET deadline_at = deadline_at - 3600, state_since = state_since - 3600 WHERE peer = ?",
        story.number,
    )
    story.gateway.start()
    wait(lambda: story.state == "ASSISTANT")
    story.has_read(story.notice("resolved"))
    story.writes("and another thing")
    story.has_read("you said and another thing")
    assert [turn["text"] for turn in story.engine.turns] == ["a person please", "and another thing"]
    assert story.cases() == [("solved",)]


def test_killed_between_an_agents_claim_and_the_first_reply(story: Story) -> None:
    conversation = story.asks()
    assert story.agent.act(conversation, "take").status_code == 303
    story.gateway.kill()
    assert story.state == "ASSIGNED"
    # Five minutes without a reply pass while the gateway is down: the client must be queued again.
    story.change(
        "UPDATE conversation SET deadline_at = 1, state_since = state_since - 3600, deadline_index = 1 WHERE peer = ?",
        story.number,
    )
    story.gateway.start()
    wait(lambda: story.state == "QUEUED")
    story.has_read(story.notice("requeued"))


@pytest.mark.long
def test_killed_repeatedly_while_client_and_agent_write(story: Story) -> None:
    conversation = story.asks()
    story.agent.act(conversation, "reply", text="Here I am.")
    for number in range(5):
        story.writes(f"question {number}", read=False)
        story.restart()
        form = {**story.agent.fields(conversation), "text": f"answer {number}"}
        assert (
            story.agent.http.post(f"/desk/conversations/{conversation}/reply", data=form).status_code == 303
        )
        story.restart()
        story.agent.http.post(f"/desk/conversations/{conversation}/reply", data=form)
    story.has_read(*(f"answer {number}" for number in range(5)))
    assert len(story.engine.turns) == 1
    assert story.state == "HUMAN"
