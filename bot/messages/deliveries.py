"""How far each part of an outbound message has come, as the provider reports it: in any order, and repeatedly."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.sql.elements import ColumnElement

from bot.domain import OutboundId, OutboundStatus
from bot.storage import delivery, outbound
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction

# A report counts only if it ranks higher than what is known, so late and repeated ones change nothing. Delivered ranks
# above failed: a message that is on the phone has arrived.
RANK = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "canceled": 4,
    "failed": 4,
    "undelivered": 4,
    "delivered": 5,
    "read": 6,
}
_FAILED = {"canceled", "failed", "undelivered"}
_DELIVERED = {"delivered", "read"}
_SENT = (OutboundStatus.SENT, OutboundStatus.DELIVERED, OutboundStatus.FAILED)
# Before the first report.
ACCEPTED = "accepted"


def begin(tx: Transaction, outbound_id: OutboundId, part: int, provider_id: str, segments: int) -> None:
    """Record that the provider accepted a part. A report on it may have come before the provider's answer."""
    values = {"provider_id": provider_id, "segments": segments}
    new = insert_if_new(
        tx,
        delivery,
        {"outbound_id": outbound_id, "part": part, "status": ACCEPTED, "updated_at": tx.now, **values},
    )
    if not new:
        tx.execute(update(delivery).where(*_is(outbound_id, part)).values(**values))


def find(tx: Transaction, provider_id: str) -> tuple[OutboundId, int] | None:
    """Return the message and the part that the provider knows by that id."""
    row = tx.execute(select(delivery).where(delivery.c.provider_id == provider_id)).first()
    return (row.outbound_id, row.part) if row else None


def report(
    tx: Transaction, outbound_id: OutboundId, part: int, *, provider_id: str, status: str, error: str | None
) -> bool:
    """Apply a provider's report. False when it reports nothing new, or about a message that does not exist."""
    if status not in RANK:
        return False
    if tx.execute(select(outbound.c.id).where(outbound.c.id == outbound_id)).first() is None:
        return False
    insert_if_new(
        tx,
        delivery,
        {
            "outbound_id": outbound_id,
            "part": part,
            "provider_id": provider_id,
            "segments": 1,
            "status": ACCEPTED,
            "updated_at": tx.now,
        },
    )
    known = tx.execute(select(delivery.c.status).where(*_is(outbound_id, part))).scalar_one()
    if RANK[status] <= RANK[known]:
        return False
    tx.execute(
        update(delivery).where(*_is(outbound_id, part)).values(status=status, error=error, updated_at=tx.now)
    )
    settle(tx, outbound_id)
    return True


def settle(tx: Transaction, outbound_id: OutboundId) -> None:
    """Derive the message's state from that of its parts, once the last of them is sent.

    A report also settles a message whose fate was unknown.
    """
    rows = tx.execute(select(delivery).where(delivery.c.outbound_id == outbound_id)).all()
    failed = [row for row in rows if row.status in _FAILED]
    if failed:
        values = {"state": OutboundStatus.FAILED, "error": failed[0].error}
    elif all(row.status in _DELIVERED for row in rows):
        values = {"state": OutboundStatus.DELIVERED, "error": None}
    else:
        values = {"state": OutboundStatus.SENT, "error": None}
    tx.execute(
        update(outbound)
        .where(
            outbound.c.id == outbound_id,
            # Not while parts wait to be sent, nor when the rest of them was rejected.
            (outbound.c.state.in_(_SENT) & outbound.c.sent_at.isnot(None))
            | ((outbound.c.state == OutboundStatus.UNKNOWN) & (outbound.c.parts_sent < len(rows))),
        )
        .values(**values)
    )


def _is(outbound_id: OutboundId, part: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return delivery.c.outbound_id == outbound_id, delivery.c.part == part
