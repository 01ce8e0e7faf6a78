"""The inbox as a queue: stored messages that wait for their answer, in order within each conversation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from bot.domain import Consumer, ConversationId, InboundId, InboundKind, InboundStatus
from bot.messages.queue import Queue
from bot.storage import inbound
from bot.storage.transaction import Transaction

# How long a claimed message belongs to its worker, unless the worker extends the lease.
LEASE_SECONDS = 60.0


@dataclass(frozen=True)
class ClaimedMessage:
    """A stored message to be worked on now; `content` is that of the table `inbound`."""

    id: InboundId
    key: str
    """Identifies the message to the backend; unique also after a restore, when ids start again."""
    conversation_id: ConversationId
    kind: InboundKind
    content: str
    attempts: int
    received_at: float
    consumer: Consumer = Consumer.ASSISTANT

    @property
    def is_for_desk(self) -> bool:
        """Return whether people read it, rather than the assistant."""
        return self.consumer is Consumer.DESK

    @property
    def is_sealed(self) -> bool:
        """Return whether the content is the vault's reference to a secret."""
        return self.kind in {InboundKind.CODE, InboundKind.LINK}


def _claimed(row: Any) -> ClaimedMessage:
    digest = hashlib.sha256(row.external_id.encode()).hexdigest()[:16]
    return ClaimedMessage(
        id=row.id,
        key=f"{row.id}-{digest}",
        conversation_id=row.conversation_id,
        kind=row.kind,
        content=row.content,
        attempts=row.attempts + 1,
        received_at=row.received_at,
        consumer=row.consumer,
    )


QUEUE: Queue[ClaimedMessage] = Queue(
    inbound, _claimed, lease_seconds=LEASE_SECONDS, fifo_by=(inbound.c.conversation_id,)
)


def finish(tx: Transaction, message_id: InboundId, status: InboundStatus = InboundStatus.DONE) -> bool:
    """Close a message, once: False when it was closed before, so that nothing is answered twice."""
    return QUEUE.finish(tx, message_id, state=status)
