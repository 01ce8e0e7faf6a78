"""Which stored messages may leave now, and who has them: the oldest of each conversation, leased to one sender."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.sql.elements import ColumnElement

from bot.messages import halts
from bot.messages.conversations import Address
from bot.messages.in_order import oldest_queued
from bot.messages.outbox import REQUEST_CONTACT
from bot.storage import button, conversation, outbound
from bot.storage.transaction import Transaction

LEASE_SECONDS = 30.0


@dataclass(frozen=True)
class Outgoing:
    """A stored message that is to be sent now. `text` holds the light markup of data/ (**label**).

    `key` names it for good: a channel that can tell repeats apart knows them by it. A long text leaves in parts, of
    which `parts_sent` are out. `unconfirmed_attempts`: tries of the next part that ended without
    anybody knowing whether the channel took it. `clears_keyboard`: a keyboard of an earlier message may still
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
    unconfirmed_attempts: int = 0
    clears_keyboard: bool = False


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


# Built once: putting these together takes longer than the database takes to answer them.
_DROP_OF_OLD_OWNER = (
    update(outbound)
    .where(
        outbound.c.state == "queued",
        outbound.c.origin == "assistant",
        outbound.c.epoch
        != select(conversation.c.epoch)
        .where(conversation.c.id == outbound.c.conversation_id)
        .scalar_subquery(),
        # What is on its way can no longer be held back, and nothing may overtake it.
        outbound.c.sending_since.is_(None) | (outbound.c.due_at <= bindparam("now")),
    )
    .values(state="dropped", error="owner_changed")
)
_DROP_OF_UNREACHABLE = (
    update(outbound)
    .where(
        outbound.c.state == "queued",
        ~outbound.c.bypass_opt_out,
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
_DUE = (
    select(
        outbound,
        conversation.c.name,
        conversation.c.channel,
        conversation.c.peer,
        _keyboard_open().label("clears_keyboard"),
    )
    .join(conversation, conversation.c.id == outbound.c.conversation_id)
    .where(
        oldest_queued(outbound),
        outbound.c.due_at <= bindparam("now"),
        conversation.c.throttled_until <= bindparam("now"),
        halts.is_on(),
    )
    .order_by(outbound.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=outbound)
)
_LEASE = (
    update(outbound)
    .where(outbound.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        due_at=bindparam("lease_ends"),
        attempts=outbound.c.attempts + 1,
        # Whoever had it before was cut off in the middle of sending.
        unconfirmed_attempts=outbound.c.unconfirmed_attempts
        + case((outbound.c.sending_since.isnot(None), 1), else_=0),
        sending_since=bindparam("now"),
    )
)
_NEXT_DUE = (
    select(func.min(_later(outbound.c.due_at, conversation.c.throttled_until)))
    .join(conversation, conversation.c.id == outbound.c.conversation_id)
    .where(oldest_queued(outbound), halts.is_on())
)


def take(tx: Transaction, limit: int) -> list[Outgoing]:
    """Up to `limit` messages that are due, the oldest of each conversation, leased for LEASE_SECONDS.

    What the bot said in an older epoch is dropped here: somebody else owns the conversation now. What a person
    wrote was theirs to say when it was stored, and is sent also if they have gone on to the next client.
    """
    tx.execute(_DROP_OF_OLD_OWNER, {"now": tx.now})
    tx.execute(_DROP_OF_UNREACHABLE)
    rows = tx.execute(_DUE, {"now": tx.now, "most": limit}).all()
    if rows:
        tx.execute(
            _LEASE, {"ids": [row.id for row in rows], "now": tx.now, "lease_ends": tx.now + LEASE_SECONDS}
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
            unconfirmed_attempts=row.unconfirmed_attempts + (row.sending_since is not None),
            clears_keyboard=bool(row.clears_keyboard),
        )
        for row in rows
    ]


def next_due(tx: Transaction) -> float | None:
    """When the next message that may be sent becomes due, or None when none waits."""
    due: float | None = tx.execute(_NEXT_DUE).scalar()
    return due
