"""Queues of what the sandbox delivers in the background: ordered per client, retried until accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Table, select, update
from sqlalchemy.engine import Connection, RowMapping

from sandbox.schema import sms
from sandbox.statuses import QueueStatus

FIRST_PAUSE_SECONDS = 0.2
# The largest power of two that a pause is computed with.
MAX_DOUBLINGS = 20


@dataclass(frozen=True)
class RetryPolicy:
    """How long a message is retried."""

    max_pause_seconds: float
    give_up_after_seconds: float


@dataclass(frozen=True)
class DeliveryOutcome:
    """How a delivery ended: DELIVERED, or UNDELIVERED with a reason."""

    status: QueueStatus
    reason: str | None = None


DELIVERED = DeliveryOutcome(QueueStatus.DELIVERED)


class DeliveryQueue(Protocol):
    """One kind of message: its table, its retry policy, and how it is delivered."""

    table: Table
    retry_policy: RetryPolicy

    async def deliver(self, message: RowMapping) -> DeliveryOutcome | None:
        """Deliver a row of the table. Return None if it was not accepted, or if that is not certain."""
        ...


def list_heads(tx: Connection, table: Table) -> list[RowMapping]:
    """Return each client's oldest queued message, due or not: those behind it must wait for it."""
    queued = select(table).where(table.c.state == QueueStatus.QUEUED).order_by(table.c.sequence)
    heads: dict[str, RowMapping] = {}
    for row in tx.execute(queued).mappings():
        heads.setdefault(row["client"], row)
    return list(heads.values())


def finish(
    tx: Connection, table: Table, message: RowMapping, status: QueueStatus, reason: str | None = None
) -> None:
    """Take the message off the queue. The text of a text message is erased."""
    values: dict[str, object] = {"state": status, "tries": message["tries"] + 1}
    if table is sms:
        values |= {"sealed_text": None, "reason": reason}
    tx.execute(update(table).where(table.c.id == message["id"]).values(**values))


def retry(tx: Connection, table: Table, message: RowMapping, now: float, policy: RetryPolicy) -> bool:
    """Schedule the next attempt after one that failed: after 0.2 s, then twice that, up to the policy's pause.

    Returns False if the message was given up instead.
    """
    if now - message["created_at"] >= policy.give_up_after_seconds:
        finish(tx, table, message, QueueStatus.GIVEN_UP)
        return False
    pause = min(policy.max_pause_seconds, FIRST_PAUSE_SECONDS * 2 ** min(message["tries"], MAX_DOUBLINGS))
    values = {"tries": message["tries"] + 1, "next_try_at": now + pause}
    tx.execute(update(table).where(table.c.id == message["id"]).values(**values))
    return True
