"""The outbox: what is to be said, stored in the transaction that decided it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from bot.clock import Clock
from bot.messages.conversations import Address, Conversation
from bot.storage import Database, button, conversation, outbound
from data.knowledge import Knowledge

LEASE_SECONDS = 30.0

# The places of the gateway's own notices among the messages that one inbound message causes.
NOTICES = ("secret_removed", "too_long", "engine_down", "old_button", "message_failed", "empty")


@dataclass(frozen=True)
class Choice:
    """A button before it is sent: its label, and what it means to the dialogue engine."""

    title: str
    payload: str


@dataclass(frozen=True)
class Outgoing:
    """A stored message that is to be sent now. `text` holds the light markup of data/ (**label**).

    `key` names it for good: a channel that can tell repeats apart knows them by it.
    """

    id: int
    key: str
    address: Address
    origin: str
    language: str
    text: str
    buttons: list[dict[str, str]]
    attempts: int


def add(
    connection: Connection,
    to: Conversation,
    *,
    origin: str,
    text: str,
    now: float,
    language: str | None = None,
    choices: Sequence[Choice] = (),
    inbound_id: int | None = None,
    seq: int = 0,
    agent_id: int | None = None,
) -> int:
    """Store one outgoing message of the epoch that `to` was read in and give back its id."""
    tokens = [{"title": choice.title, "token": secrets.token_urlsafe(12)} for choice in choices]
    result = connection.execute(
        insert(outbound).values(
            conversation_id=to.id,
            inbound_id=inbound_id,
            seq=seq,
            origin=origin,
            language=language or to.language,
            text=text,
            buttons=tokens,
            epoch=to.epoch,
            agent_id=agent_id,
            due_at=now,
            created_at=now,
        )
    )
    outbound_id = int(result.inserted_primary_key[0])
    for position, (choice, token) in enumerate(zip(choices, tokens, strict=True), start=1):
        connection.execute(
            insert(button).values(
                token=token["token"],
                conversation_id=to.id,
                outbound_id=outbound_id,
                position=position,
                title=choice.title,
                payload=choice.payload,
            )
        )
    return outbound_id


def add_notice(
    connection: Connection, knowledge: Knowledge, to: Conversation, name: str, inbound_id: int, now: float
) -> int:
    """Store one of the gateway's own notices (topic `notices`) in the client's language."""
    text = knowledge.text("notices", name, to.language, to.address.kind)
    return add(
        connection,
        to,
        origin="system",
        text=text,
        now=now,
        inbound_id=inbound_id,
        seq=NOTICES.index(name),
    )


class Outbox:
    """Hands stored messages to the sender, in order within each conversation."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take(self, limit: int) -> list[Outgoing]:
        """Up to `limit` messages that are due, the oldest of each conversation, leased for LEASE_SECONDS.

        What the bot said in an older epoch is dropped here: somebody else owns the conversation now. What a person
        wrote was theirs to say when it was stored, and is sent also if they have gone on to the next client.
        """
        return await self._database.run(self._take, limit)

    def _take(self, connection: Connection, limit: int) -> list[Outgoing]:
        now = self._clock()
        connection.execute(
            update(outbound)
            .where(
                outbound.c.state == "queued",
                outbound.c.origin == "bot",
                outbound.c.epoch
                != select(conversation.c.epoch)
                .where(conversation.c.id == outbound.c.conversation_id)
                .scalar_subquery(),
            )
            .values(state="dropped")
        )
        rows = connection.execute(
            select(outbound, conversation.c.name, conversation.c.channel, conversation.c.peer)
            .join(conversation, conversation.c.id == outbound.c.conversation_id)
            .where(_heads(), outbound.c.due_at <= now)
            .order_by(outbound.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=outbound)
        ).all()
        if rows:
            connection.execute(
                update(outbound)
                .where(outbound.c.id.in_([row.id for row in rows]))
                .values(due_at=now + LEASE_SECONDS, attempts=outbound.c.attempts + 1)
            )
        return [
            Outgoing(
                id=row.id,
                key=f"{row.name}-{row.id}",
                address=Address(row.channel, row.peer),
                origin=row.origin,
                language=row.language,
                text=row.text,
                buttons=list(row.buttons),
                attempts=row.attempts + 1,
            )
            for row in rows
        ]

    async def sent(self, outbound_id: int, provider_id: str) -> None:
        """Record that the channel took the message."""
        await self._set(outbound_id, state="sent", provider_id=provider_id, sent_at=self._clock())

    async def failed(self, outbound_id: int) -> None:
        """Record that the channel will never take the message."""
        await self._set(outbound_id, state="failed")

    async def again(self, outbound_id: int, due_at: float) -> None:
        """Try the message again from `due_at`."""
        await self._set(outbound_id, due_at=due_at)

    async def release_all(self) -> None:
        """Make everything unsent due: for the start of the only gateway on its database."""
        await self._database.run(
            lambda connection: connection.execute(
                update(outbound).where(outbound.c.state == "queued").values(due_at=self._clock())
            )
        )

    async def next_due(self) -> float | None:
        """When the next unsent message becomes due, or None when none waits."""
        return await self._database.run(
            lambda connection: connection.execute(
                select(func.min(outbound.c.due_at)).where(_heads())
            ).scalar()
        )

    async def _set(self, outbound_id: int, **values: Any) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                update(outbound).where(outbound.c.id == outbound_id).values(**values)
            )
        )


def carry_over(connection: Connection, inbound_id: int, epoch: int) -> None:
    """Take what was said to one message along into `epoch`: the turn that changed the owner may finish its sentence."""
    connection.execute(
        update(outbound)
        .where(outbound.c.inbound_id == inbound_id, outbound.c.state == "queued")
        .values(epoch=epoch)
    )


def is_pending(connection: Connection, conversation_id: int) -> bool:
    """Whether anything is left to send in the conversation."""
    return (
        connection.execute(
            select(outbound.c.id)
            .where(outbound.c.conversation_id == conversation_id, outbound.c.state == "queued")
            .limit(1)
        ).first()
        is not None
    )


def _heads() -> ColumnElement[bool]:
    """The oldest unsent message of each conversation: the only one that may be sent."""
    earlier = outbound.alias()
    return (outbound.c.state == "queued") & ~(
        select(earlier.c.id)
        .where(
            earlier.c.conversation_id == outbound.c.conversation_id,
            earlier.c.id < outbound.c.id,
            earlier.c.state == "queued",
        )
        .exists()
    )
