"""Bot, clients, agents, timers and crashes in any order, on a real database: what must hold whatever happens.

Each rule is one transaction of the gateway, so that hypothesis can put anything between any two of them. A crash is
a transaction that never commits, or work in memory that is forgotten.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.conversation.engine import Engine, Reply, Turn
from bot.conversation.worker import Worker
from bot.handoff import states
from bot.handoff.agents import Agent, Agents, Moved, NotAllowed, Unread
from bot.handoff.deadlines import Deadlines
from bot.messages import conversations, inbox
from bot.messages.conversations import Address
from bot.messages.inbox import Message, Taken
from bot.messages.outbox import Outgoing
from bot.storage import Database, metadata
from tests.support.gateway import TOKEN, ManualClock, Parts

CLIENTS = ("4711", "4712")
CHANNEL = "simulator.telegram"
AGENTS = (Agent(1, "anna", "Anna", "agent"), Agent(2, "ken", "Ken", "lead"))
WORDS = ("hello", "cancel", "/restart", '/affirm{"a": "b"}', "1", "5")
# Enough to get past any one deadline, and now and then past the longest.
LEAPS = (1.0, 61.0, 130.0, 301.0, 601.0, 1801.0, 3601.0, 90_000.0)
# More deadlines than any conversation can have before it is at rest.
MOST_DEADLINES = 60

# The machine plays the engine itself.
UNASKED = Engine("http://127.0.0.1:9", TOKEN)

clients = st.sampled_from(CLIENTS)
rarely = st.sampled_from([False, False, False, True])
agents = st.sampled_from(AGENTS)


class Crash(Exception):
    """The process is gone before the transaction has committed."""


class Bench:
    """One database for all examples, emptied before each: statements are compiled once."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        file = self.folder / "assistant.db"
        self.database = Database(f"sqlite:///{file}")
        self.database.migrate()
        # Looks at what has been committed, past the gateway's own way of reading.
        self.eyes = sqlite3.connect(file, isolation_level=None)
        self.eyes.row_factory = sqlite3.Row

    def clear(self) -> None:
        """Leave two agents and nothing else."""
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
        self.database._engine.dispose()
        shutil.rmtree(self.folder)


class OwnerMachine(RuleBasedStateMachine):
    """The gateway, one transaction at a time."""

    bench: Bench

    def __init__(self) -> None:
        super().__init__()
        self.bench.clear()
        self.database = self.bench.database
        self.clock = ManualClock()
        self.parts = Parts(self.database, self.clock)
        self.worker = Worker(
            self.database,
            self.parts.inbox,
            UNASKED,
            self.parts.vault,
            self.parts.knowledge,
            self.parts.handoffs,
            self.clock,
            lambda: None,
        )
        self.agents = Agents(self.parts.handoffs)
        self.deadlines = Deadlines(self.database, self.parts.handoffs, self.clock, lambda: None)
        self.ids = itertools.count(1)
        self.turns: list[tuple[Taken, int]] = []  # with the epoch in which each began
        self.sending: list[Outgoing] = []
        self.phones: dict[str, list[tuple[int, str]]] = defaultdict(
            list
        )  # peer -> (row's id, key), as they came
        self.looks: dict[
            tuple[int, str], tuple[int, int]
        ] = {}  # what an agent saw last: epoch, newest message
        self.accepted: set[str] = set()
        self.for_people: set[int] = set()
        self.answered_by_bot: set[int] = set()
        self.replies: list[str] = []

    # What clients do.

    @rule(peer=clients, words=st.sampled_from(WORDS), again=st.booleans())
    def a_client_writes(self, peer: str, words: str, again: bool) -> None:
        self._accept(Message(Address(CHANNEL, peer), f"m{next(self.ids)}", "text", words), again)

    @rule(peer=clients, which=st.integers(0, 4), again=st.booleans())
    def a_client_taps(self, peer: str, which: int, again: bool) -> None:
        tokens = self._all(
            "SELECT token FROM button JOIN conversation ON conversation.id = conversation_id WHERE peer = ?"
            " ORDER BY outbound_id DESC, position",
            peer,
        )
        if tokens:
            token = tokens[which % len(tokens)]["token"]
            self._accept(Message(Address(CHANNEL, peer), f"m{next(self.ids)}", "button", token), again)

    def _accept(self, message: Message, again: bool) -> None:
        before = self._conversation(message.address.peer)
        accepted = self.database.transact(self.parts.inbox._store, message)
        self.accepted.add(message.external_id)
        if before is not None and before.state in conversations.READ_BY_PEOPLE:
            self.for_people.add(accepted.id)
        if again:
            assert self.database.transact(self.parts.inbox._store, message).duplicate

    @rule(peer=clients, priority=st.sampled_from(["normal", "urgent"]))
    def a_client_is_handed_over(self, peer: str, priority: str) -> None:
        """The common way into the queue in one step, so that few steps lead far."""
        self.a_client_writes(peer, "hello", False)
        self.the_worker_takes_up()
        while self.turns:
            self.a_turn_ends(0, priority, False)

    # What the bot does: a turn begins, and ends some time later, or never.

    @rule()
    def the_worker_takes_up(self) -> None:
        for item in self.database.transact(self.parts.inbox._take, 8):
            read = self.database.transact(self.worker._read, item)
            if read is None or read[2]:
                if read is not None:
                    self.database.transact(self.worker._close_with_notice, item, read[2], "done")
                    self.answered_by_bot.add(item.id)
                continue
            assert item.id not in self.for_people, "the bot is asked what a person is to read"
            assert read[0].state == states.BOT, f"the bot is asked in {read[0].state}"
            self.turns.append((item, read[0].epoch))

    @rule(
        which=st.integers(0, 3),
        asks=st.sampled_from([None, None, "normal", "urgent"]),
        crashes=rarely,
    )
    def a_turn_ends(self, which: int, asks: str | None, crashes: bool) -> None:
        if not self.turns:
            return
        item, epoch = self.turns.pop(which % len(self.turns))
        directives: tuple[dict[str, Any], ...] = (
            ({"type": "handoff", "reason": "asked", "priority": asks},) if asks else ()
        )
        turn = Turn((Reply(f"answer to {item.id}", ()),), directives, "en")
        if crashes:
            self._crashing(self.worker._store, item, turn, epoch, False)
            return
        open_before = self._state_of(item.id) == "queued"
        stored = self.database.transact(self.worker._store, item, turn, epoch, False)
        if stored and open_before:
            self.answered_by_bot.add(item.id)

    @rule()
    def the_gateway_is_killed_and_starts_again(self) -> None:
        self.turns.clear()
        self.sending.clear()
        for table in ("inbound", "outbound"):
            self._write(f"UPDATE {table} SET due_at = ? WHERE state = 'queued'", self.clock())

    # What the sender does.

    @rule()
    def the_sender_takes(self) -> None:
        taken = self.database.transact(self.parts.outbox._take, 16)
        for outgoing in taken:
            (row,) = self._all(
                "SELECT outbound.epoch, conversation.epoch AS now, conversation.state FROM outbound"
                " JOIN conversation ON conversation.id = conversation_id WHERE outbound.id = ?",
                outgoing.id,
            )
            if outgoing.origin == "bot":
                assert row["epoch"] == row["now"], "the bot speaks for an earlier epoch"
                assert row["state"] in {states.BOT, states.QUEUED, states.AFTER_HOURS}, row["state"]
        self.sending += taken

    @rule(which=st.integers(0, 3), dies_before_it_is_noted=st.booleans())
    def a_message_arrives(self, which: int, dies_before_it_is_noted: bool) -> None:
        if not self.sending:
            return
        outgoing = self.sending.pop(which % len(self.sending))
        phone = self.phones[outgoing.address.peer]
        if outgoing.key not in {key for _, key in phone}:
            phone.append((outgoing.id, outgoing.key))
        if not dies_before_it_is_noted:
            self._write("UPDATE outbound SET state = 'sent' WHERE id = ?", outgoing.id)

    # What agents do, by what they saw last.

    @rule(who=agents, peer=clients)
    def an_agent_looks(self, who: Agent, peer: str) -> None:
        found = self._conversation(peer)
        if found is not None:
            newest = self.database.transact(inbox.newest, found.id)
            self.looks[who.id, peer] = (found.epoch, newest)

    @rule(
        who=agents,
        peer=clients,
        does=st.sampled_from(
            ["take", "reply", "reply", "resolve", "give_back", "transfer", "pass_on", "block", "unblock"]
        ),
        crashes=rarely,
        looks_first=st.sampled_from([True, True, False]),
    )
    def an_agent_acts(self, who: Agent, peer: str, does: str, crashes: bool, looks_first: bool) -> None:
        found = self._conversation(peer)
        if looks_first:
            self.an_agent_looks(who, peer)
        if found is None or (who.id, peer) not in self.looks:
            return
        epoch, seen = self.looks[who.id, peer]
        now, other = self.clock(), next(one for one in AGENTS if one != who)
        text = f"reply {next(self.ids)}"
        work: dict[str, tuple[Any, ...]] = {
            "take": (self.agents.take, found.id, who, epoch, now),
            "reply": (self.agents.reply, found.id, who, epoch, text, now),
            "resolve": (self.agents.resolve, found.id, who, epoch, seen, "solved", "", now),
            "give_back": (self.agents.give_back, found.id, who, epoch, seen, now),
            "transfer": (self.agents.transfer, found.id, who, epoch, other, "please", now),
            "pass_on": (self.agents.transfer, found.id, who, epoch, None, "please", now),
            "block": (self.agents.block, found.id, who, epoch, now),
            "unblock": (self.agents.unblock, found.id, who, epoch, now),
        }
        try:
            if crashes:
                self._crashing(*work[does])
                return
            self.database.transact(*work[does])
        except (Moved, NotAllowed, Unread):
            return
        assert found.epoch == epoch, "an agent acted on what was no longer so"
        if does == "reply":
            self.replies.append(text)
            after = self._conversation(peer)
            assert after is not None
            assert (after.state, after.agent_id) == (states.HUMAN, who.id), "a reply takes the conversation"
        self.an_agent_looks(who, peer)

    @rule(who=agents, peer=clients, does=st.sampled_from(["take", "reply", "block"]))
    def an_agent_steps_in_while_the_bot_is_thinking(self, who: Agent, peer: str, does: str) -> None:
        """The turn goes on, and ends when everything is different; the other agent still sees how it was."""
        self.a_client_writes(peer, "hello", False)
        self.the_worker_takes_up()
        self.an_agent_looks(next(one for one in AGENTS if one != who), peer)
        self.an_agent_acts(who, peer, does, False, True)

    @rule(who=agents, there=st.booleans())
    def an_agent_comes_or_goes(self, who: Agent, there: bool) -> None:
        seen = self.clock() if there else None
        self._write("UPDATE agent SET seen_at = ? WHERE id = ?", seen, who.id)

    # What time does.

    @rule(seconds=st.sampled_from(LEAPS), timers_run=st.booleans())
    def time_passes(self, seconds: float, timers_run: bool) -> None:
        self.clock.advance(seconds)
        if timers_run:
            self._run_deadlines(crashes=False)

    @rule(crashes=st.booleans())
    def the_timers_run(self, crashes: bool) -> None:
        self._run_deadlines(crashes)

    def _run_deadlines(self, crashes: bool) -> int:
        due = self.database.transact(self.deadlines._due, 8)
        for conversation_id in due:
            if crashes:
                self._crashing(self.deadlines.carry_out, conversation_id)
            else:
                self.database.transact(self.deadlines.carry_out, conversation_id)
        return len(due)

    # What holds at all times.

    @invariant()
    def each_state_has_its_deadline_and_its_owner(self) -> None:
        for who in self._all("SELECT * FROM conversation"):
            state = who["state"]
            assert (who["deadline_at"] is None) == (state in states.AT_REST), state
            assert (who["agent_id"] is None) == (state not in states.BY_AGENT), state
            assert (who["handoff_id"] is None) or state not in states.AT_REST

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
                assert row["id"] not in self.answered_by_bot, "answered by the bot and shown as a person's"
            if row["id"] in self.for_people:
                assert row["consumer"] == "desk"

    @invariant()
    def phones_have_what_was_said_in_order_and_once(self) -> None:
        for phone in self.phones.values():
            rows = [row for row, _ in phone]
            assert rows == sorted(set(rows))

    def teardown(self) -> None:
        """Left alone, everything comes to rest, and everything that was promised has happened."""
        self._come_to_rest()
        self._nothing_was_lost()

    def _come_to_rest(self) -> None:
        self.the_gateway_is_killed_and_starts_again()
        for _ in range(MOST_DEADLINES):
            self.the_worker_takes_up()
            while self.turns:
                self.a_turn_ends(0, None, False)
            self.the_sender_takes()
            while self.sending:
                self.a_message_arrives(0, False)
            due = self._all("SELECT min(deadline_at) AS at FROM conversation")[0]["at"]
            open_rows = self._all("SELECT id FROM inbound WHERE state = 'queued'")
            unsent = self._all("SELECT id FROM outbound WHERE state = 'queued'")
            if due is None and not open_rows and not unsent:
                return
            self.clock.now = max(self.clock.now + 1, due or 0.0)
            self._run_deadlines(crashes=False)
            self.each_state_has_its_deadline_and_its_owner()
        raise AssertionError("a conversation is stuck")

    def _nothing_was_lost(self) -> None:
        forgotten = self._all(
            "SELECT id FROM handoff WHERE ended_at IS NULL AND id NOT IN (SELECT handoff_id FROM ticket)"
        )
        assert not forgotten, "a wish for a person is forgotten"
        for row in self._all("SELECT * FROM inbound"):
            assert row["state"] == "done"
            assert (row["id"] in self.answered_by_bot) != (row["consumer"] == "desk") or self._was_choice(row)
        arrived = {row for phone in self.phones.values() for row, _ in phone}
        said = []
        for row in self._all("SELECT * FROM outbound"):
            if row["state"] == "dropped":
                assert row["origin"] == "bot"
            else:
                assert row["id"] in arrived, f"{row['origin']}: {row['text']} has not arrived"
            if row["origin"] == "agent":
                said.append(row["text"])
        assert sorted(said) == sorted(self.replies)

    def _was_choice(self, row: sqlite3.Row) -> bool:
        """A choice that the gateway carried out itself has neither the bot nor a person as its reader."""
        return row["kind"] == "button" or row["content"] in WORDS

    # How the database is asked.

    def _crashing(self, work: Any, *values: Any) -> None:
        def once(connection: sa.engine.Connection) -> None:
            work(connection, *values)
            raise Crash

        try:
            self.database.transact(once)
        except (Crash, Moved, NotAllowed, Unread):
            return

    def _conversation(self, peer: str) -> conversations.Conversation | None:
        return self.database.transact(conversations.find_by_address, Address(CHANNEL, peer))

    def _state_of(self, inbound_id: int) -> str:
        (row,) = self._all("SELECT state FROM inbound WHERE id = ?", inbound_id)
        return str(row["state"])

    def _all(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self.bench.eyes.execute(query, values).fetchall()

    def _write(self, query: str, *values: object) -> None:
        self.bench.eyes.execute(query, values)
