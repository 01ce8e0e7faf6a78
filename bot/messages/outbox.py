"""The outbox: what is to be said, stored in the transaction that decided it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from bot.clock import Clock
from bot.messages import deliveries, reachability
from bot.messages.conversations import Address, Conversation
from bot.storage import Database, button, conversation, outbound
from data.knowledge import Knowledge

LEASE_SECONDS = 30.0
# The payload of a choice that asks the client's device for its own number.
REQUEST_CONTACT = "request_contact"

# The places of the gateway's own notices among the messages that one inbound message causes.
NOTICES = (
    "secret_removed",
    "too_long",
    "engine_down",
    "old_button",
    "message_failed",
    "empty",
    "stopped",
    "started",
    "help",
    "language",
    "media",
    "foreign_contact",
    "private_only",
    "missed",
    "missed_filtered",
    "no_such_choice",
)
# The channels that report afterwards whether a message arrived.
REPORTING = ("sms",)
# What a client whose last message did not arrive is told when they write again: by the error, and else nothing.
MISSED = {"handset_unreachable": "missed", "not_delivered": "missed", "filtered": "missed_filtered"}


@dataclass(frozen=True)
class Choice:
    """A button before it is sent: its label, and what it means to the dialogue engine."""

    title: str
    payload: str


@dataclass(frozen=True)
class Outgoing:
    """A stored message that is to be sent now. `text` holds the light markup of data/ (**label**).

    `key` names it for good: a channel that can tell repeats apart knows them by it. A long text leaves in parts, of
    which `parts_sent` are out. `doubts`: so many tries of the next part ended without anybody knowing whether the
    channel took it. `clears_keyboard`: a keyboard of an earlier message may still
    be open on the client's screen.
    """

    id: int
    key: str
    address: Address
    origin: str
    language: str
    text: str
    buttons: list[dict[str, str]]
    attempts: int
    created_at: float = 0.0
    parts_sent: int = 0
    doubts: int = 0
    clears_keyboard: bool = False


@dataclass(frozen=True)
class Receipt:
    """What the channel gave back for one part: its own id of it, and how many parts of SMS it counts."""

    provider_id: str
    segments: int = 1


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
    despite_stop: bool = False,
    agent_id: int | None = None,
) -> int:
    """Store one outgoing message of the epoch that `to` was read in and give back its id.

    It is dropped unsent when the client cannot be reached, unless `despite_stop`.
    """
    if to.address.kind == "sms":
        # A text message cannot ask a phone for its number, and the numbers of the others must be as they are shown.
        choices = [choice for choice in choices if choice.payload != REQUEST_CONTACT]
    tokens = [_shown(choice) for choice in choices]
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
            despite_stop=despite_stop,
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
    connection: Connection,
    knowledge: Knowledge,
    to: Conversation,
    name: str,
    inbound_id: int,
    now: float,
    *,
    choices: Sequence[Choice] = (),
    despite_stop: bool = False,
) -> int:
    """Store one of the gateway's own notices (topic `notices`) in the client's language."""
    text = knowledge.text("notices", name, to.language, to.address.kind)
    return add(
        connection,
        to,
        origin="system",
        text=text,
        now=now,
        choices=choices,
        inbound_id=inbound_id,
        seq=NOTICES.index(name),
        despite_stop=despite_stop,
    )


def missed_by(connection: Connection, to: Conversation) -> str | None:
    """The notice for a client whose last message did not arrive; None when it did, or nothing is to be said."""
    if to.address.channel not in REPORTING:
        return None
    last = connection.execute(
        select(outbound.c.state, outbound.c.error)
        .where(outbound.c.conversation_id == to.id, outbound.c.state != "dropped")
        .order_by(outbound.c.id.desc())
        .limit(1)
    ).first()
    return MISSED.get(last.error) if last and last.state == "failed" else None


def _shown(choice: Choice) -> dict[str, str]:
    token = {"title": choice.title, "token": secrets.token_urlsafe(12)}
    # The one choice that is more than a token: a channel may let the client's device fill it in.
    return token | {"kind": REQUEST_CONTACT} if choice.payload == REQUEST_CONTACT else token


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
            .values(state="dropped", error="owner_changed")
        )
        connection.execute(
            update(outbound)
            .where(
                outbound.c.state == "queued",
                ~outbound.c.despite_stop,
                outbound.c.conversation_id.in_(
                    select(conversation.c.id).where(conversation.c.unreachable.isnot(None))
                ),
            )
            .values(
                state="dropped",
                error=select(conversation.c.unreachable)
                .where(conversation.c.id == outbound.c.conversation_id)
                .scalar_subquery(),
            )
        )
        rows = connection.execute(
            select(
                outbound,
                conversation.c.name,
                conversation.c.channel,
                conversation.c.peer,
                _keyboard_open().label("clears_keyboard"),
            )
            .join(conversation, conversation.c.id == outbound.c.conversation_id)
            .where(_heads(), outbound.c.due_at <= now, conversation.c.quiet_until <= now)
            .order_by(outbound.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=outbound)
        ).all()
        if rows:
            connection.execute(
                update(outbound)
                .where(outbound.c.id.in_([row.id for row in rows]))
                .values(
                    due_at=now + LEASE_SECONDS,
                    attempts=outbound.c.attempts + 1,
                    # Whoever had it before was cut off in the middle of sending.
                    doubts=outbound.c.doubts + case((outbound.c.sending_since.isnot(None), 1), else_=0),
                    sending_since=now,
                )
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
                created_at=row.created_at,
                parts_sent=row.parts_sent,
                doubts=row.doubts + (row.sending_since is not None),
                clears_keyboard=bool(row.clears_keyboard),
            )
            for row in rows
        ]

    async def sent(
        self, outgoing: Outgoing, receipt: Receipt, *, last: bool = True, quiet_seconds: float = 0.0
    ) -> None:
        """Record that the channel took the next part, the `last` one or not, and leave the client in peace a while."""
        await self._database.run(self._sent, outgoing, receipt, last, quiet_seconds)

    def _sent(
        self, connection: Connection, outgoing: Outgoing, receipt: Receipt, last: bool, quiet_seconds: float
    ) -> None:
        now = self._clock()
        deliveries.begin(
            connection, outgoing.id, outgoing.parts_sent, receipt.provider_id, receipt.segments, now
        )
        values: dict[str, Any] = {"parts_sent": outgoing.parts_sent + 1, "doubts": 0, "sending_since": None}
        if last:
            values |= {"state": "sent", "provider_id": receipt.provider_id, "sent_at": now}
        else:
            values |= {"due_at": now, "attempts": 0}
        connection.execute(
            update(outbound)
            .where(outbound.c.id == outgoing.id, outbound.c.state == "queued")
            .values(**values)
        )
        if last:
            deliveries.settle(connection, outgoing.id)
        if quiet_seconds:
            self._quiet(connection, outgoing.id, now + quiet_seconds)

    async def failed(self, outbound_id: int, error: str | None = None, *, reach: str | None = None) -> None:
        """Record that the channel will never take the message; with `reach` nor any other to this client."""
        await self._database.run(self._failed, outbound_id, error, reach)

    def _failed(self, connection: Connection, outbound_id: int, error: str | None, reach: str | None) -> None:
        connection.execute(
            update(outbound)
            .where(outbound.c.id == outbound_id)
            .values(state="failed", error=error, sending_since=None)
        )
        if reach:
            reachability.lose(connection, _conversation_of(connection, outbound_id), reach, self._clock())

    async def unknown(self, outbound_id: int) -> None:
        """Record that nobody can say whether the client got the message, and that it is not repeated."""
        await self._set(outbound_id, state="unknown", error="no_answer", sending_since=None)

    async def again(
        self, outbound_id: int, due_at: float, *, error: str | None = None, in_doubt: bool = False
    ) -> None:
        """Try the message again from `due_at`; `in_doubt` when this try may have gone through."""
        doubt = {} if in_doubt else {"sending_since": None}
        await self._set(outbound_id, due_at=due_at, error=error, **doubt)

    async def quiet(self, outbound_id: int, until: float) -> None:
        """Send nothing to the message's client before `until`."""
        await self._database.run(self._quiet, outbound_id, until)

    def _quiet(self, connection: Connection, outbound_id: int, until: float) -> None:
        connection.execute(
            update(conversation)
            .where(
                conversation.c.id == _conversation_of(connection, outbound_id),
                conversation.c.quiet_until < until,
            )
            .values(quiet_until=until)
        )

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
                select(func.min(_later(outbound.c.due_at, conversation.c.quiet_until)))
                .join(conversation, conversation.c.id == outbound.c.conversation_id)
                .where(_heads())
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


def _conversation_of(connection: Connection, outbound_id: int) -> int:
    return int(
        connection.execute(
            select(outbound.c.conversation_id).where(outbound.c.id == outbound_id)
        ).scalar_one()
    )


def _later(one: ColumnElement[float], other: ColumnElement[float]) -> ColumnElement[float]:
    return case((one > other, one), else_=other)


def _keyboard_open() -> ColumnElement[bool]:
    """Whether an earlier message asked for the client's contact, and none since could take that keyboard away.

    A message with buttons of its own cannot: a chat shows one kind of keyboard for each message.
    """
    asked, since, offered = button.alias(), outbound.alias(), button.alias()
    asking = (
        select(func.max(asked.c.outbound_id))
        .where(
            asked.c.conversation_id == outbound.c.conversation_id,
            asked.c.outbound_id < outbound.c.id,
            asked.c.payload == REQUEST_CONTACT,
        )
        .correlate(outbound)
        .scalar_subquery()
    )
    taken_away = (
        select(since.c.id)
        .where(
            since.c.conversation_id == outbound.c.conversation_id,
            since.c.id > asking,
            since.c.id < outbound.c.id,
            since.c.state.in_(("sent", "delivered")),
            ~select(offered.c.token).where(offered.c.outbound_id == since.c.id).correlate(since).exists(),
        )
        .correlate(outbound)
        .exists()
    )
    return asking.isnot(None) & ~taken_away


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
