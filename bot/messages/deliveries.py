"""How far each part of an outgoing message has come, as the provider tells it: in any order, and more than once."""

from __future__ import annotations

from sqlalchemy import select, update

from bot.storage import delivery, outbound
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction

# A report counts only if it ranks higher than what is known: late and repeated ones change nothing. Delivered ranks
# above failed, since a phone that has the message has it.
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
# Before the provider has said anything.
TAKEN = "accepted"


def begin(tx: Transaction, outbound_id: int, part: int, provider_id: str, segments: int) -> None:
    """Note that the provider took a part. A report on it may have come before the provider's answer."""
    values = {"provider_id": provider_id, "segments": segments}
    new = insert_if_new(
        tx,
        delivery,
        {"outbound_id": outbound_id, "part": part, "status": TAKEN, "updated_at": tx.now, **values},
    )
    if not new:
        tx.execute(update(delivery).where(*_is(outbound_id, part)).values(**values))


def find(tx: Transaction, provider_id: str) -> tuple[int, int] | None:
    """The message and the part that the provider knows by that id."""
    row = tx.execute(select(delivery).where(delivery.c.provider_id == provider_id)).first()
    return (row.outbound_id, row.part) if row else None


def report(
    tx: Transaction, outbound_id: int, part: int, *, provider_id: str, status: str, error: str | None
) -> bool:
    """Apply a provider's report. False when it tells nothing new, or of a message that there is not."""
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
            "status": TAKEN,
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


def settle(tx: Transaction, outbound_id: int) -> None:
    """Bring the message's own state in line with that of its parts, once the last of them is out.

    A message that nobody could say anything about is known after all when the provider reports it.
    """
    rows = tx.execute(select(delivery).where(delivery.c.outbound_id == outbound_id)).all()
    failed = [row for row in rows if row.status in _FAILED]
    if failed:
        values = {"state": "failed", "error": failed[0].error}
    elif all(row.status in _DELIVERED for row in rows):
        values = {"state": "delivered", "error": None}
    else:
        values = {"state": "sent", "error": None}
    tx.execute(
        update(outbound)
        .where(
            outbound.c.id == outbound_id,
            # Not while parts are still to be sent, nor when the rest of them was refused.
            (outbound.c.state.in_(("sent", "delivered", "failed")) & outbound.c.sent_at.isnot(None))
            | ((outbound.c.state == "unknown") & (outbound.c.parts_sent < len(rows))),
        )
        .values(**values)
    )


def _is(outbound_id: int, part: int) -> tuple[object, object]:
    return delivery.c.outbound_id == outbound_id, delivery.c.part == part
