"""The outbox as a queue: what may be sent now, and what became of each attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.sql.elements import ColumnElement

from bot.domain import ConversationId, Origin, OutboundId, OutboundStatus, UnreachableReason
from bot.messages import deliveries, halts, reachability
from bot.messages.conversations import Address
from bot.messages.outbox import MessageButton
from bot.messages.queue import Queue
from bot.storage import button, conversation, outbound
from bot.storage.transaction import Transaction
from contracts.codec import convert
from contracts.payloads import REQUEST_CONTACT

LEASE_SECONDS = 30.0
NO_ANSWER = "no_answer"
OWNER_CHANGED = "owner_changed"


@dataclass(frozen=True)
class OutboundMessage:
    """A stored message to be sent now. `text` holds the light markup of data/ (**label**)."""

    id: OutboundId
    key: str
    """Names the message for good: a channel that recognises repeats knows it by its key."""
    conversation_id: ConversationId
    address: Address
    origin: Origin
    language: str
    text: str
    buttons: Sequence[MessageButton]
    attempts: int
    created_at: float = 0.0
    parts_sent: int = 0
    """The number of parts that have been sent; a long text is sent in parts."""
    unconfirmed_attempts: int = 0
    """Attempts of the next part after which nobody knows whether the channel accepted it."""
    clears_keyboard: bool = False
    """Whether a keyboard of an earlier message may still be open on the client's screen."""


@dataclass(frozen=True)
class Receipt:
    """What the channel returned for one part: its own id of it, and how many SMS segments it counts."""

    provider_id: str
    segments: int = 1


def _keyboard_is_open() -> ColumnElement[bool]:
    """Whether an earlier message asked for the client's contact, and none since could remove that keyboard.

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
    removed = (
        select(since.c.id)
        .where(
            since.c.conversation_id == outbound.c.conversation_id,
            since.c.id > asking,
            since.c.id < outbound.c.id,
            since.c.state.in_((OutboundStatus.SENT, OutboundStatus.DELIVERED)),
            ~select(offered.c.token).where(offered.c.outbound_id == since.c.id).correlate(since).exists(),
        )
        .correlate(outbound)
        .exists()
    )
    return asking.isnot(None) & ~removed


_DROP_OLD_EPOCHS = (
    update(outbound)
    .where(
        outbound.c.state == OutboundStatus.QUEUED,
        outbound.c.origin == Origin.ASSISTANT,
        outbound.c.epoch
        != select(conversation.c.epoch)
        .where(conversation.c.id == outbound.c.conversation_id)
        .scalar_subquery(),
        # A message that is being sent cannot be held back, and nothing may overtake it.
        outbound.c.sending_since.is_(None) | (outbound.c.due_at <= bindparam("now")),
    )
    .values(state=OutboundStatus.DROPPED, error=OWNER_CHANGED)
)
_DROP_UNREACHABLE = (
    update(outbound)
    .where(
        outbound.c.state == OutboundStatus.QUEUED,
        ~outbound.c.bypass_opt_out,
        outbound.c.conversation_id.in_(
            select(conversation.c.id).where(conversation.c.unreachable.isnot(None))
        ),
    )
    .values(
        state=OutboundStatus.DROPPED,
        error=select(conversation.c.unreachable)
        .where(conversation.c.id == outbound.c.conversation_id)
        .scalar_subquery(),
    )
)


def _claimed(row: Any) -> OutboundMessage:
    return OutboundMessage(
        id=row.id,
        key=f"{row.name}-{row.id}",
        conversation_id=row.conversation_id,
        address=Address(row.channel, row.peer),
        origin=row.origin,
        language=row.language,
        text=row.text,
        buttons=convert(row.buttons, tuple[MessageButton, ...]),
        attempts=row.attempts + 1,
        created_at=row.created_at,
        parts_sent=row.parts_sent,
        unconfirmed_attempts=row.unconfirmed_attempts + (row.sending_since is not None),
        clears_keyboard=bool(row.clears_keyboard),
    )


_ON_CLAIM: Mapping[str, ColumnElement[Any]] = {
    # The claimer before was interrupted while it was sending.
    "unconfirmed_attempts": outbound.c.unconfirmed_attempts
    + case((outbound.c.sending_since.isnot(None), 1), else_=0),
    "sending_since": bindparam("now"),
}
QUEUE: Queue[OutboundMessage] = Queue(
    outbound,
    _claimed,
    lease_seconds=LEASE_SECONDS,
    fifo_by=(outbound.c.conversation_id,),
    source=outbound.join(conversation, conversation.c.id == outbound.c.conversation_id),
    columns=(
        conversation.c.name,
        conversation.c.channel,
        conversation.c.peer,
        _keyboard_is_open().label("clears_keyboard"),
    ),
    conditions=(halts.is_not_halted(),),
    not_before=conversation.c.throttled_until,
    on_claim=_ON_CLAIM,
)


def claim(tx: Transaction, limit: int) -> list[OutboundMessage]:
    """Return at most `limit` due messages, the oldest of each conversation, leased for LEASE_SECONDS.

    Drops what the assistant said in an older epoch, since somebody else owns the conversation now. An agent's message
    is sent also after a later transition: the agent owned the conversation when it was stored.
    """
    tx.execute(_DROP_OLD_EPOCHS, {"now": tx.now})
    tx.execute(_DROP_UNREACHABLE)
    return QUEUE.claim(tx, limit)


def mark_sent(
    tx: Transaction,
    message: OutboundMessage,
    receipt: Receipt,
    *,
    is_last: bool = True,
    gap_seconds: float = 0.0,
) -> None:
    """Record that the channel accepted the next part, and send the client nothing for `gap_seconds`."""
    deliveries.begin(tx, message.id, message.parts_sent, receipt.provider_id, receipt.segments)
    values = {"parts_sent": message.parts_sent + 1, "unconfirmed_attempts": 0, "sending_since": None}
    if is_last:
        QUEUE.finish(
            tx,
            message.id,
            state=OutboundStatus.SENT,
            provider_id=receipt.provider_id,
            sent_at=tx.now,
            **values,
        )
        deliveries.settle(tx, message.id)
    else:
        QUEUE.retry(tx, message.id, tx.now, attempts=0, **values)
    if gap_seconds:
        throttle(tx, message, tx.now + gap_seconds)


def mark_failed(
    tx: Transaction,
    message: OutboundMessage,
    error: str | None = None,
    *,
    unreachable: UnreachableReason | None = None,
) -> None:
    """Record that the channel will never accept the message; with `unreachable` nor any other to this client."""
    QUEUE.finish(tx, message.id, state=OutboundStatus.FAILED, error=error, sending_since=None)
    if unreachable:
        reachability.lose(tx, message.conversation_id, unreachable)


def mark_unknown(tx: Transaction, message: OutboundMessage) -> None:
    """Record that nobody knows whether the client got the message, and that it is not repeated."""
    QUEUE.finish(tx, message.id, state=OutboundStatus.UNKNOWN, error=NO_ANSWER, sending_since=None)


def retry(
    tx: Transaction,
    message: OutboundMessage,
    due_at: float,
    *,
    error: str | None = None,
    is_unconfirmed: bool = False,
) -> None:
    """Try the message again from `due_at`; `is_unconfirmed` when this attempt may have succeeded."""
    # The mark of an attempt under way stays, and the next claim counts the attempt as unconfirmed.
    values: dict[str, Any] = {} if is_unconfirmed else {"sending_since": None}
    QUEUE.retry(tx, message.id, due_at, error=error, **values)


def throttle(tx: Transaction, message: OutboundMessage, until: float) -> None:
    """Send nothing to the message's client before `until`."""
    tx.execute(
        update(conversation)
        .where(conversation.c.id == message.conversation_id, conversation.c.throttled_until < until)
        .values(throttled_until=until)
    )
