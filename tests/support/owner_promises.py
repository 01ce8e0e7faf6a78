"""What must hold of the owner of a conversation whatever happens, looked up in a real database.

The rules that make things happen are in owner_machine.py.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis.stateful import RuleBasedStateMachine, invariant

from bot.conversation.pipeline import TurnContext
from bot.domain import AgentId, ConversationState
from bot.handoff import schedule
from bot.handoff.agent_commands import (
    Agent,
    AgentCommands,
    NotAllowedError,
    StaleEpochError,
    UnseenMessagesError,
)
from bot.handoff.deadlines import Deadlines
from bot.messages.outbound_queue import OutboundMessage
from bot.storage import Database, metadata
from tests.support.gateway import ManualClock, Parts

CLIENTS = ("4711", "4712")
CHANNEL = "simulator.telegram"
AGENTS = (Agent(AgentId(1), "anna", "Anna", "agent"), Agent(AgentId(2), "ken", "Ken", "lead"))
# What clients type.
WORDS = ("hello", "cancel", "/restart", '/affirm{"a": "b"}', "1", "5")

# What the client is told at a change of owner: by its event, and where that leads to two states, by both.
NOTICES = {
    "requested": "queued",
    "answered": "with_agent",
    "taken_over HUMAN": "with_agent",
    "transferred": "transferred",
    "no_answer": "requeued",
    "agent_gone": "requeued",
    "resolved": "resolved",
    "client_left": "resolved",
    "given_back": "with_assistant",
    "cancelled": "with_assistant",
    "went_on": "with_assistant",
    "unblocked": "with_assistant",
    "blocked": "blocked",
    "ticket_nobody_came": "ticket_nobody_came",
    "ticket_asked_for": "ticket_asked_for",
    "ticket_too_long": "ticket_too_long",
}

# What clients choose, and the only state in which it is offered.
OFFERED_IN = {
    "cancelled": ConversationState.QUEUED,
    "ticket_asked_for": ConversationState.QUEUED,
    "went_on": ConversationState.AFTER_HOURS,
}


class CrashError(Exception):
    """The process is gone before the transaction has committed."""


class Bench:
    """One database for all examples, emptied before each: statements are compiled once."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        file = self.folder / "assistant.db"
        self.clock = ManualClock()
        self.database = Database(f"sqlite:///{file}", self.clock)
        self.database.migrate()
        # Looks at what has been committed, past the gateway's own way of reading.
        self.eyes = sqlite3.connect(file, isolation_level=None)
        self.eyes.row_factory = sqlite3.Row
        self.examples = 0

    def clear(self) -> None:
        """Leave two agents and nothing else."""
        self.examples += 1
        self.clock.now = ManualClock().now
        self.eyes.execute("BEGIN IMMEDIATE")
        self.eyes.execute("PRAGMA defer_foreign_keys = ON")
        for table in reversed(metadata.sorted_tables):
            self.eyes.execute(f"DELETE FROM {table.name}")
        self.eyes.executemany(
            "INSERT INTO agent (id, name, shown_as, role, password_hash, totp_sealed, totp_step, active,"
            " created_at) VALUES (?, ?, ?, ?, '', '', 0, 1, 0)",
            [(one.id, one.name, one.shown_as, one.role) for one in AGENTS],
        )
        self.eyes.execute("COMMIT")

    def close(self) -> None:
        self.eyes.close()
        asyncio.run(self.database.close())
        shutil.rmtree(self.folder)


class OwnerPromises(RuleBasedStateMachine):
    """The gateway's parts on the bench, what is known of them from outside, and what they have promised."""

    bench: Bench

    def __init__(self) -> None:
        super().__init__()
        self.bench.clear()
        self.database = self.bench.database
        self.clock = self.bench.clock
        self.parts = Parts(self.database, self.clock)
        self.agents = AgentCommands(self.parts.handoffs)
        self.deadlines = Deadlines(self.database, self.parts.handoffs, self.clock, lambda: None)
        self.ids = itertools.count(1)
        self.turns: list[TurnContext] = []
        self.sending: list[OutboundMessage] = []
        self.phones: dict[str, list[tuple[int, str]]] = defaultdict(
            list
        )  # peer -> (row's id, key), as they came
        self.looks: dict[
            tuple[int, str], tuple[int, int]
        ] = {}  # what an agent saw last: epoch, newest message
        self.accepted: set[str] = set()
        self.for_people: set[int] = set()
        self.answered_by_assistant: set[int] = set()
        self.replies: list[str] = []
        self.notes: list[str] = []

    # What holds at all times.

    @invariant()
    def each_state_has_its_deadline_and_its_owner(self) -> None:
        for who in self._all("SELECT * FROM conversation"):
            state = who["state"]
            assert (who["deadline_at"] is None) == (state in schedule.AT_REST), state
            assert (who["agent_id"] is None) == (state not in schedule.BY_AGENT), state
            assert (who["handoff_id"] is None) or state not in schedule.AT_REST

    @invariant()
    def an_epoch_has_one_owner(self) -> None:
        doubled = self._all(
            "SELECT conversation_id, epoch FROM handoff_event GROUP BY conversation_id, epoch"
            " HAVING count(DISTINCT to_state || '/' || coalesce(agent_id, '')) > 1"
        )
        assert not doubled

    @invariant()
    def what_came_in_is_with_one_reader(self) -> None:
        rows = self._all("SELECT id, external_id, consumer FROM inbound")
        assert {row["external_id"].rpartition(":")[2] for row in rows} == self.accepted
        for row in rows:
            if row["consumer"] == "desk":
                assert row["id"] not in self.answered_by_assistant, (
                    "answered by the assistant and shown as a person's"
                )
            if row["id"] in self.for_people:
                assert row["consumer"] == "desk"

    @invariant()
    def phones_have_what_was_said_in_order_and_once(self) -> None:
        for phone in self.phones.values():
            rows = [row for row, _ in phone]
            assert rows == sorted(set(rows))

    def nothing_was_lost(self) -> None:
        forgotten = self._all(
            "SELECT id FROM handoff WHERE ended_at IS NULL AND id NOT IN (SELECT handoff_id FROM ticket)"
        )
        assert not forgotten, "a wish for a person is forgotten"
        promised = self._all(
            "SELECT id FROM handoff_event WHERE event LIKE 'ticket_%'"
            " AND handoff_id NOT IN (SELECT handoff_id FROM ticket)"
        )
        assert not promised, "a call-back was promised and not noted"
        for row in self._all("SELECT * FROM inbound"):
            assert row["state"] == "done"
            assert (row["id"] in self.answered_by_assistant) != (
                row["consumer"] == "desk"
            ) or self._was_choice(row)
        cut_short = self._all(
            "SELECT outbound.id FROM outbound JOIN handoff ON handoff.inbound_id = outbound.inbound_id"
            " JOIN handoff_event AS event ON event.handoff_id = handoff.id AND event.event = 'requested'"
            " WHERE outbound.origin = 'assistant' AND outbound.epoch < event.epoch"
        )
        assert not cut_short, "the turn that handed over may not finish its sentence"
        arrived = {row for phone in self.phones.values() for row, _ in phone}
        said = []
        for row in self._all("SELECT * FROM outbound"):
            if row["state"] == "dropped":
                assert row["origin"] == "assistant"
            else:
                assert row["id"] in arrived, f"{row['origin']}: {row['text']} has not arrived"
            if row["origin"] == "agent":
                said.append(row["text"])
        assert sorted(said) == sorted(self.replies)
        noted = [row["text"] for row in self._all("SELECT text FROM note ORDER BY id")]
        assert noted == self.notes, "why a conversation was passed on is lost"

    def choices_were_made_where_they_were_offered(self) -> None:
        for row in self._all("SELECT event, from_state FROM handoff_event"):
            assert row["from_state"] == OFFERED_IN.get(row["event"], row["from_state"]), dict(row)

    def _was_choice(self, row: sqlite3.Row) -> bool:
        """A choice that the gateway carried out itself has neither the assistant nor a person as its reader."""
        return row["kind"] == "button" or row["content"] in WORDS

    def each_change_was_told_once(self) -> None:
        """The notice is in the transaction of the change: neither can be without the other, or come twice."""
        told: dict[tuple[int, int], list[str]] = defaultdict(list)
        for row in self._all("SELECT conversation_id, epoch, text FROM outbound WHERE origin = 'system'"):
            told[row["conversation_id"], row["epoch"]].append(row["text"])
        for row in self._all("SELECT * FROM handoff_event WHERE event <> 'nudged'"):
            name = NOTICES.get(row["event"]) or NOTICES.get(f"{row['event']} {row['to_state']}")
            if name is None:
                continue
            words = self._beginnings(name)
            times = sum(text.startswith(words) for text in told[row["conversation_id"], row["epoch"]])
            assert times == 1, f"{row['event']} was told {times} times"

    def _beginnings(self, name: str) -> tuple[str, ...]:
        names = (name, "queued_nobody_there") if name == "queued" else (name,)
        texts = [self.parts.knowledge.text("handoff", one, "en", "telegram") for one in names]
        return tuple(text.partition("{")[0] for text in texts)

    # How the database is asked.

    def _crashing(self, work: Any, *values: Any) -> None:
        def once(connection: sa.engine.Connection) -> None:
            work(connection, *values)
            raise CrashError

        try:
            self.database.transact(once)
        except (CrashError, StaleEpochError, NotAllowedError, UnseenMessagesError):
            return

    def _conversation(self, peer: str) -> sqlite3.Row | None:
        found = self._all("SELECT * FROM conversation WHERE channel = ? AND peer = ?", CHANNEL, peer)
        return found[0] if found else None

    def _newest(self, conversation_id: int) -> int:
        """The client's newest message; 0 when there is none."""
        query = "SELECT coalesce(max(id), 0) AS id FROM inbound WHERE conversation_id = ?"
        return int(self._all(query, conversation_id)[0]["id"])

    def _state_of(self, inbound_id: int) -> str:
        (row,) = self._all("SELECT state FROM inbound WHERE id = ?", inbound_id)
        return str(row["state"])

    def _is_queued(self, table: str) -> bool:
        """Whether there is anything to take: looking here is cheaper than taking nothing."""
        return bool(self._all(f"SELECT 1 FROM {table} WHERE state = 'queued' LIMIT 1"))

    def _all(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self.bench.eyes.execute(query, values).fetchall()

    def _write(self, query: str, *values: object) -> None:
        self.bench.eyes.execute(query, values)
