"""The promises of ownership, which must hold after any sequence of events, checked on a real database.

The rules that change the database are in ownership_machine.py.
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
# The texts that clients type.
WORDS = ("hello", "cancel", "/restart", '/affirm{"a": "b"}', "1", "5")

# The notice of each transition, by its event, and by event and state where the event leads to two states.
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

# The events that clients choose, and the only state in which each is offered.
OFFERED_IN = {
    "cancelled": ConversationState.QUEUED,
    "ticket_asked_for": ConversationState.QUEUED,
    "went_on": ConversationState.AFTER_HOURS,
}


class CrashError(Exception):
    """The process died before the transaction committed."""


class Bench:
    """One database for all examples, emptied before each, so that statements are compiled once."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        file = self.folder / "assistant.db"
        self.clock = ManualClock()
        self.database = Database(f"sqlite:///{file}", self.clock)
        self.database.migrate()
        # Reads committed rows without the gateway's own code.
        self.eyes = sqlite3.connect(file, isolation_level=None)
        self.eyes.row_factory = sqlite3.Row
        self.examples = 0

    def clear(self) -> None:
        """Delete all rows but two agents."""
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
    """The gateway's parts on the bench, the facts that the rules record, and the promises."""

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
        )  # peer -> (row's id, key) in the order of arrival
        self.looks: dict[
            tuple[int, str], tuple[int, int]
        ] = {}  # (agent, peer) -> epoch and newest message of the agent's page
        self.accepted: set[str] = set()
        self.for_people: set[int] = set()
        self.answered_by_assistant: set[int] = set()
        self.replies: list[str] = []
        self.notes: list[str] = []

    # Promises that hold at all times, and at the end.

    @invariant()
    def each_state_has_its_deadline_and_its_owner(self) -> None:
        for conversation in self._all("SELECT * FROM conversation"):
            state = conversation["state"]
            assert (conversation["deadline_at"] is None) == (state in schedule.AT_REST), state
            assert (conversation["agent_id"] is None) == (state not in schedule.BY_AGENT), state
            assert (conversation["handoff_id"] is None) or state not in schedule.AT_REST

    @invariant()
    def an_epoch_has_one_owner(self) -> None:
        doubled = self._all(
            "SELECT conversation_id, epoch FROM handoff_event GROUP BY conversation_id, epoch"
            " HAVING count(DISTINCT to_state || '/' || coalesce(agent_id, '')) > 1"
        )
        assert not doubled

    @invariant()
    def an_inbound_message_has_one_consumer(self) -> None:
        rows = self._all("SELECT id, external_id, consumer FROM inbound")
        assert {row["external_id"].rpartition(":")[2] for row in rows} == self.accepted
        for row in rows:
            if row["consumer"] == "desk":
                assert row["id"] not in self.answered_by_assistant, (
                    "the assistant answered a message for the desk"
                )
            if row["id"] in self.for_people:
                assert row["consumer"] == "desk"

    @invariant()
    def messages_arrive_once_and_in_order(self) -> None:
        for phone in self.phones.values():
            rows = [row for row, _ in phone]
            assert rows == sorted(set(rows))

    def nothing_was_lost(self) -> None:
        forgotten = self._all(
            "SELECT id FROM handoff WHERE ended_at IS NULL AND id NOT IN (SELECT handoff_id FROM ticket)"
        )
        assert not forgotten, "a hand-off is open without a ticket"
        promised = self._all(
            "SELECT id FROM handoff_event WHERE event LIKE 'ticket_%'"
            " AND handoff_id NOT IN (SELECT handoff_id FROM ticket)"
        )
        assert not promised, "a ticket was promised and not stored"
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
        assert not cut_short, "a reply of the turn that handed over has an earlier epoch"
        arrived = {row for phone in self.phones.values() for row, _ in phone}
        sent = []
        for row in self._all("SELECT * FROM outbound"):
            if row["state"] == "dropped":
                assert row["origin"] == "assistant"
            else:
                assert row["id"] in arrived, f"{row['origin']}: {row['text']} has not arrived"
            if row["origin"] == "agent":
                sent.append(row["text"])
        assert sorted(sent) == sorted(self.replies)
        noted = [row["text"] for row in self._all("SELECT text FROM note ORDER BY id")]
        assert noted == self.notes, "a note about a transfer is lost"

    def choices_were_made_where_they_were_offered(self) -> None:
        for row in self._all("SELECT event, from_state FROM handoff_event"):
            assert row["from_state"] == OFFERED_IN.get(row["event"], row["from_state"]), dict(row)

    def _was_choice(self, row: sqlite3.Row) -> bool:
        """Return whether the message may be a choice that the gateway executed, which has no other consumer."""
        return row["kind"] == "button" or row["content"] in WORDS

    def each_transition_has_one_notice(self) -> None:
        """Check that each transition has exactly one notice, which is stored in the same transaction."""
        notices: dict[tuple[int, int], list[str]] = defaultdict(list)
        for row in self._all("SELECT conversation_id, epoch, text FROM outbound WHERE origin = 'system'"):
            notices[row["conversation_id"], row["epoch"]].append(row["text"])
        for row in self._all("SELECT * FROM handoff_event WHERE event <> 'nudged'"):
            name = NOTICES.get(row["event"]) or NOTICES.get(f"{row['event']} {row['to_state']}")
            if name is None:
                continue
            words = self._beginnings(name)
            times = sum(text.startswith(words) for text in notices[row["conversation_id"], row["epoch"]])
            assert times == 1, f"{row['event']} has {times} notices"

    def _beginnings(self, name: str) -> tuple[str, ...]:
        names = (name, "queued_nobody_there") if name == "queued" else (name,)
        texts = [self.parts.knowledge.text("handoff", one, "en", "telegram") for one in names]
        return tuple(text.partition("{")[0] for text in texts)

    # Queries.

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
        """Return the id of the client's newest message, 0 when there is none."""
        query = "SELECT coalesce(max(id), 0) AS id FROM inbound WHERE conversation_id = ?"
        return int(self._all(query, conversation_id)[0]["id"])

    def _state_of(self, inbound_id: int) -> str:
        (row,) = self._all("SELECT state FROM inbound WHERE id = ?", inbound_id)
        return str(row["state"])

    def _is_queued(self, table: str) -> bool:
        """Return whether a row is queued, which is cheaper than an empty claim."""
        return bool(self._all(f"SELECT 1 FROM {table} WHERE state = 'queued' LIMIT 1"))

    def _all(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self.bench.eyes.execute(query, values).fetchall()

    def _write(self, query: str, *values: object) -> None:
        self.bench.eyes.execute(query, values)
