"""The inbox: de-duplicate, redact, store, and only then acknowledge - one transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from bot.clock import Clock
from bot.messages import conversations, outbox
from bot.messages.conversations import Address
from bot.privacy.codes import find_code
from bot.privacy.redaction import redact
from bot.privacy.vault import Vault
from bot.storage import Database, inbound
from bot.telemetry import inbound_total, redacted_total
from data.knowledge import Knowledge

TEXT_LIMIT = 4_096
# How long a taken-up message belongs to whoever took it, unless they say that they are still at it.
LEASE_SECONDS = 60.0
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Message:
    """What a channel hands over, verified and parsed. `content` is the text, or a button's token."""

    address: Address
    external_id: str
    kind: str  # text | button
    content: str
    language_hint: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The stored message's id; `duplicate` when the channel had delivered it before."""

    id: int
    duplicate: bool


@dataclass(frozen=True)
class Taken:
    """A stored message that is to be worked on now. `kind` is text, button or code (a vault reference).

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
    consumer: str = "bot"


class Inbox:
    """Stores what comes in and hands it out again, in order within each conversation."""

    def __init__(
        self, database: Database, knowledge: Knowledge, vault: Vault, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._vault = vault
        self._clock = clock
        self._wake = wake

    async def accept(self, message: Message) -> Accepted:
        """Store `message`. When this returns it will be answered, whatever dies meanwhile."""
        accepted = await self._database.run(self._store, message)
        outcome = "duplicate" if accepted.duplicate else "accepted"
        inbound_total.labels(message.address.channel, outcome).inc()
        self._wake()
        return accepted

    def _store(self, connection: Connection, message: Message) -> Accepted:
        now = self._clock()
        language = conversations.first_language(self._knowledge, message.address, message.language_hint)
        conversation = conversations.open_at(connection, message.address, language, now)
        external_id = f"{message.address.channel}:{message.address.peer}:{message.external_id}"[:200]
        known = connection.execute(select(inbound.c.id).where(inbound.c.external_id == external_id)).scalar()
        if known is not None:
            return Accepted(int(known), duplicate=True)

        kind, content = message.kind, message.content[:TEXT_LIMIT]
        notices: list[str] = []
        if kind == "button":
            # What is no token of ours is nobody's button; it may hold anything, so it is not kept.
            content = content if _TOKEN.fullmatch(content) else ""
        else:
            if len(message.content) > TEXT_LIMIT:
                notices.append("too_long")
            # Null characters and lone surrogates cannot be stored or sent.
            content = content.replace("\0", "").encode("utf-8", "ignore").decode()
            redacted = redact(content)
            # What is called a PIN is never passed on as a code, also where a code is expected.
            code = None if redacted.kinds else find_code(content, conversation.expects(now))
            content = redacted.text
            if code is not None:
                kind, content = "code", self._vault.seal(connection, conversation.id, code)
            if redacted.kinds:
                notices.append("secret_removed")
            for found in redacted.kinds:
                redacted_total.labels(found).inc()
        result = connection.execute(
            insert(inbound).values(
                conversation_id=conversation.id,
                external_id=external_id,
                kind=kind,
                content=content,
                consumer="desk" if conversation.state in conversations.READ_BY_PEOPLE else "bot",
                redacted="secret_removed" in notices,
                due_at=now,
                received_at=now,
            )
        )
        message_id = int(result.inserted_primary_key[0])
        for notice in notices:
            outbox.add_notice(connection, self._knowledge, conversation, notice, message_id, now)
        return Accepted(message_id, duplicate=False)

    async def take(self, limit: int) -> list[Taken]:
        """Up to `limit` messages that are due, the oldest of each conversation, leased for LEASE_SECONDS."""
        return await self._database.run(self._take, limit)

    def _take(self, connection: Connection, limit: int) -> list[Taken]:
        now = self._clock()
        rows = connection.execute(
            select(inbound)
            .where(_heads(), inbound.c.due_at <= now)
            .order_by(inbound.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        if rows:
            connection.execute(
                update(inbound)
                .where(inbound.c.id.in_([row.id for row in rows]))
                .values(due_at=now + LEASE_SECONDS, attempts=inbound.c.attempts + 1)
            )
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
        return await self._database.run(
            lambda connection: connection.execute(select(func.min(inbound.c.due_at)).where(_heads())).scalar()
        )

    async def count_open(self) -> int:
        """How many stored messages wait for their answer."""
        return await self._database.run(
            lambda connection: int(
                connection.execute(
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
            lambda connection: connection.execute(
                update(inbound).where(inbound.c.state == "queued").values(due_at=self._clock())
            )
        )


def set_due(connection: Connection, message_id: int, due_at: float) -> None:
    """Set when a queued message is to be taken up again."""
    connection.execute(
        update(inbound).where(inbound.c.id == message_id, inbound.c.state == "queued").values(due_at=due_at)
    )


def put_back(connection: Connection, message_id: int, due_at: float) -> None:
    """Give a message back without counting the try: it was not the message's fault."""
    connection.execute(
        update(inbound)
        .where(inbound.c.id == message_id, inbound.c.state == "queued")
        .values(due_at=due_at, attempts=inbound.c.attempts - 1)
    )


def finish(connection: Connection, message_id: int, state: str = "done") -> bool:
    """Close a message, once: False when it was closed already, so that nothing is answered twice."""
    closed = connection.execute(
        update(inbound).where(inbound.c.id == message_id, inbound.c.state == "queued").values(state=state)
    )
    return bool(closed.rowcount)


def leave_to_people(connection: Connection, conversation_id: int, now: float) -> None:
    """Whatever of the conversation is unanswered is now for people to read, and never again for the bot."""
    connection.execute(
        update(inbound)
        .where(inbound.c.conversation_id == conversation_id, inbound.c.state == "queued")
        .values(consumer="desk", due_at=now)
    )


def understood_as(connection: Connection, message_id: int, topic: str) -> None:
    """Write down which topic the bot took a message for."""
    connection.execute(update(inbound).where(inbound.c.id == message_id).values(topic=topic))


def newest(connection: Connection, conversation_id: int) -> int:
    """The id of the client's newest message; 0 when there is none."""
    query = select(func.max(inbound.c.id)).where(inbound.c.conversation_id == conversation_id)
    return int(connection.execute(query).scalar() or 0)


def is_open(connection: Connection, conversation_id: int) -> bool:
    """Whether any message of the conversation still waits for its answer."""
    return (
        connection.execute(
            select(inbound.c.id)
            .where(inbound.c.conversation_id == conversation_id, inbound.c.state == "queued")
            .limit(1)
        ).first()
        is not None
    )


def _heads() -> ColumnElement[bool]:
    """The oldest unanswered message of each conversation: the only one that may be worked on."""
    earlier = inbound.alias()
    return (inbound.c.state == "queued") & ~(
        select(earlier.c.id)
        .where(
            earlier.c.conversation_id == inbound.c.conversation_id,
            earlier.c.id < inbound.c.id,
            earlier.c.state == "queued",
        )
        .exists()
    )
