"""The inbox: de-duplicate, redact, store, and only then acknowledge - one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import OperationalError

from bot.clock import Clock
from bot.domain import Notice
from bot.messages import conversations, notices, reachability
from bot.messages.conversations import Conversation
from bot.messages.in_order import oldest_queued
from bot.messages.reading import Message, PendingNotice, Reader
from bot.privacy.vault import Vault
from bot.storage import Database, inbound
from bot.storage.transaction import Transaction
from bot.telemetry import inbound_total, redacted_total
from knowledge import Knowledge

# How long a taken-up message belongs to whoever took it, unless they say that they are still at it.
LEASE_SECONDS = 60.0
# So many messages share one commit at most.
MOST_AT_ONCE = 50

# Built once: putting these together takes longer than the database takes to answer them.
_DUE = (
    select(inbound)
    .where(oldest_queued(inbound), inbound.c.due_at <= bindparam("now"))
    .order_by(inbound.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LEASE = (
    update(inbound)
    .where(inbound.c.id.in_(bindparam("ids", expanding=True)))
    .values(due_at=bindparam("lease_ends"), attempts=inbound.c.attempts + 1)
)
_NEXT_DUE = select(func.min(inbound.c.due_at)).where(oldest_queued(inbound))


@dataclass(frozen=True)
class Accepted:
    """The stored message's id; `duplicate` when the channel had delivered it before.

    `secret`: it held a password or the like, which was not stored.
    """

    id: int
    duplicate: bool
    secret: bool = False


@dataclass(frozen=True)
class Taken:
    """A stored message that is to be worked on now. `kind` is text, button, command, code or link (a reference).

    `key` names the message for good, also where ids begin anew (a restored database): what the backend is asked
    to do because of it is asked under this key.
    """

    id: int
    key: str
    conversation_id: int
    kind: str
    content: str
    attempts: int
    received_at: float
    consumer: str = "assistant"


class Inbox:
    """Stores what comes in and hands it out again, in order within each conversation."""

    def __init__(
        self, database: Database, knowledge: Knowledge, vault: Vault, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._reader = Reader(knowledge, vault)
        self._clock = clock
        self._wake = wake
        self._waiting: deque[tuple[Message, asyncio.Future[Accepted]]] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def accept(self, message: Message) -> Accepted:
        """Store `message`. When this returns it will be answered, whatever dies meanwhile."""
        stored: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, stored))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_waiting())
        accepted = await stored
        outcome = "duplicate" if accepted.duplicate else "accepted"
        inbound_total.labels(message.address.channel, outcome).inc()
        self._wake()
        return accepted

    async def _store_waiting(self) -> None:
        """Store all that waits: what came during one commit shares the next, since each waits for the disk."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            # Always in the same order, so that two gateways cannot wait for each other's conversations.
            batch.sort(key=lambda each: (each[0].address.channel, each[0].address.peer))
            results: Sequence[Accepted | Exception]
            try:
                results = await self._database.run_first(self._store_all, [message for message, _ in batch])
            except Exception as error:
                results = [error] * len(batch)
            for (_, stored), result in zip(batch, results, strict=True):
                if stored.done():
                    # Whoever asked has gone; the platform will deliver again.
                    continue
                if isinstance(result, Exception):
                    stored.set_exception(result)
                else:
                    stored.set_result(result)

    def _store_all(self, tx: Transaction, messages: Sequence[Message]) -> list[Accepted | Exception]:
        """Store each message by itself: one that cannot be stored is its own misfortune."""
        results: list[Accepted | Exception] = []
        for message in messages:
            try:
                with tx.begin_nested():
                    results.append(self._store(tx, message))
            except OperationalError:
                # The connection's fault, not the message's: all of it is tried again.
                raise
            except Exception as error:
                results.append(error)
        return results

    def _store(self, tx: Transaction, message: Message) -> Accepted:
        language = conversations.first_language(self._knowledge, message.address, message.language_hint)
        conversation = conversations.open_at(tx, message.address, language)
        external_id = f"{message.address.channel}:{message.address.peer}:{message.external_id}"[:200]
        known = tx.execute(
            select(inbound.c.id, inbound.c.redacted).where(inbound.c.external_id == external_id)
        ).first()
        if known is not None:
            return Accepted(int(known.id), duplicate=True, secret=bool(known.redacted))
        reading = self._reader.read(tx, message, conversation)
        result = tx.execute(
            insert(inbound).values(
                conversation_id=conversation.id,
                external_id=external_id,
                kind=reading.kind,
                content=reading.content,
                consumer="desk" if conversation.state in conversations.READ_BY_PEOPLE else "assistant",
                redacted=bool(reading.redacted),
                state="done" if reading.answered else "queued",
                due_at=tx.now,
                received_at=tx.now,
            )
        )
        message_id = int(result.inserted_primary_key[0])
        for found in reading.redacted:
            redacted_total.labels(found).inc()
        self._change_reach(tx, conversation, reading.reach)
        about_delivery = [] if reading.answered else _about_delivery(tx, conversation, message)
        for pending in (*about_delivery, *reading.notices):
            notices.add(
                tx,
                self._knowledge,
                conversation,
                pending.notice,
                message_id,
                choices=pending.choices,
                bypass_opt_out=pending.bypass_opt_out,
                values=pending.values,
            )
        return Accepted(message_id, duplicate=False, secret=bool(reading.redacted))

    def _change_reach(self, tx: Transaction, conversation: Conversation, reach: str | None) -> None:
        if reach == "regain":
            reachability.regain(tx, conversation.id)
        elif reach == "stop":
            reachability.lose(tx, conversation.id, reachability.STOPPED)
        elif reach == "blocked":
            reachability.lose(tx, conversation.id, reachability.BLOCKED)

    async def take(self, limit: int) -> list[Taken]:
        """Up to `limit` messages that are due, the oldest of each conversation, leased for LEASE_SECONDS."""
        return await self._database.run(self._take, limit)

    def _take(self, tx: Transaction, limit: int) -> list[Taken]:
        rows = tx.execute(_DUE, {"now": tx.now, "most": limit}).all()
        if rows:
            tx.execute(_LEASE, {"ids": [row.id for row in rows], "lease_ends": tx.now + LEASE_SECONDS})
        return [
            Taken(
                row.id,
                f"{row.id}-{hashlib.sha256(row.external_id.encode()).hexdigest()[:16]}",
                row.conversation_id,
                row.kind,
                row.content,
                row.attempts + 1,
                row.received_at,
                row.consumer,
            )
            for row in rows
        ]

    async def next_due(self) -> float | None:
        """When the next stored message becomes due, or None when none waits."""
        return await self._database.run(lambda tx: tx.execute(_NEXT_DUE).scalar())

    async def count_open(self) -> int:
        """How many stored messages wait for their answer."""
        return await self._database.run(
            lambda tx: int(
                tx.execute(
                    select(func.count()).select_from(inbound).where(inbound.c.state == "queued")
                ).scalar()
                or 0
            )
        )

    async def release(self, message_id: int, due_at: float) -> None:
        """Give a message back, to be tried again from `due_at`."""
        await self._database.run(set_due, message_id, due_at)

    async def release_all(self) -> None:
        """Give back everything that was taken up: for the start of the only gateway on its database."""
        await self._database.run(
            lambda tx: tx.execute(update(inbound).where(inbound.c.state == "queued").values(due_at=tx.now))
        )


def _about_delivery(tx: Transaction, to: Conversation, message: Message) -> list[PendingNotice]:
    """What a client is to know of messages that did not arrive, or may not: the latter once."""
    missed = notices.missed_by(tx, to)
    found = [PendingNotice(missed)] if missed else []
    unreliable = missed or to.address.peer.startswith(tuple(notices.SEND_ONLY))
    if message.telegram and unreliable and not notices.was_given(tx, to, Notice.TELEGRAM_INSTEAD):
        found.append(PendingNotice(Notice.TELEGRAM_INSTEAD, values={"bot": message.telegram}))
    return found


def set_due(tx: Transaction, message_id: int, due_at: float) -> None:
    """Set when a queued message is to be taken up again."""
    tx.execute(
        update(inbound).where(inbound.c.id == message_id, inbound.c.state == "queued").values(due_at=due_at)
    )


def put_back(tx: Transaction, message_id: int, due_at: float) -> None:
    """Give a message back without counting the try: it was not the message's fault."""
    tx.execute(
        update(inbound)
        .where(inbound.c.id == message_id, inbound.c.state == "queued")
        .values(due_at=due_at, attempts=inbound.c.attempts - 1)
    )


def finish(tx: Transaction, message_id: int, state: str = "done") -> bool:
    """Close a message, once: False when it was closed already, so that nothing is answered twice."""
    closed = tx.execute(
        update(inbound).where(inbound.c.id == message_id, inbound.c.state == "queued").values(state=state)
    )
    return bool(closed.rowcount)


def leave_to_people(tx: Transaction, conversation_id: int) -> None:
    """Whatever of the conversation is unanswered is now for people to read, and never again for the bot."""
    tx.execute(
        update(inbound)
        .where(inbound.c.conversation_id == conversation_id, inbound.c.state == "queued")
        .values(consumer="desk", due_at=tx.now)
    )


def understood_as(tx: Transaction, message_id: int, topic: str) -> None:
    """Write down which topic the bot took a message for."""
    tx.execute(update(inbound).where(inbound.c.id == message_id).values(topic=topic))


def newest(tx: Transaction, conversation_id: int) -> int:
    """The id of the client's newest message; 0 when there is none."""
    query = select(func.max(inbound.c.id)).where(inbound.c.conversation_id == conversation_id)
    return int(tx.execute(query).scalar() or 0)


def has_written(tx: Transaction, conversation_id: int, since: float) -> bool:
    """Whether the client has written after that time."""
    query = select(inbound.c.id).where(
        inbound.c.conversation_id == conversation_id, inbound.c.received_at > since
    )
    return tx.execute(query.limit(1)).first() is not None


def is_open(tx: Transaction, conversation_id: int) -> bool:
    """Whether any message of the conversation still waits for its answer."""
    return (
        tx.execute(
            select(inbound.c.id)
            .where(inbound.c.conversation_id == conversation_id, inbound.c.state == "queued")
            .limit(1)
        ).first()
        is not None
    )
