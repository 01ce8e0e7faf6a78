"""The sender's side of the outbox: messages are handed out, and what became of each try is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from bot.clock import Clock
from bot.messages import claims, deliveries, reachability
from bot.messages.claims import Outgoing
from bot.storage import Database, conversation, outbound
from bot.storage.transaction import Transaction


@dataclass(frozen=True)
class Receipt:
    """What the channel gave back for one part: its own id of it, and how many parts of SMS it counts."""

    provider_id: str
    segments: int = 1


class Dispatch:
    """Hands stored messages to the sender, in order within each conversation, and writes down what became of them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take(self, limit: int) -> list[Outgoing]:
        """Up to `limit` messages that are to be sent now, leased to the caller (see claims.take)."""
        return await self._database.run(claims.take, limit)

    async def sent(
        self, outgoing: Outgoing, receipt: Receipt, *, last: bool = True, quiet_seconds: float = 0.0
    ) -> None:
        """Record that the channel took the next part, the `last` one or not, and leave the client in peace a while."""
        await self._database.run(self._sent, outgoing, receipt, last, quiet_seconds)

    def _sent(
        self, tx: Transaction, outgoing: Outgoing, receipt: Receipt, last: bool, quiet_seconds: float
    ) -> None:
        deliveries.begin(tx, outgoing.id, outgoing.parts_sent, receipt.provider_id, receipt.segments)
        values: dict[str, Any] = {
            "parts_sent": outgoing.parts_sent + 1,
            "unconfirmed_attempts": 0,
            "sending_since": None,
        }
        if last:
            values |= {"state": "sent", "provider_id": receipt.provider_id, "sent_at": tx.now}
        else:
            values |= {"due_at": tx.now, "attempts": 0}
        tx.execute(
            update(outbound)
            .where(outbound.c.id == outgoing.id, outbound.c.state == "queued")
            .values(**values)
        )
        if last:
            deliveries.settle(tx, outgoing.id)
        if quiet_seconds:
            self._quiet(tx, outgoing.id, tx.now + quiet_seconds)

    async def failed(self, outbound_id: int, error: str | None = None, *, reach: str | None = None) -> None:
        """Record that the channel will never take the message; with `reach` nor any other to this client."""
        await self._database.run(self._failed, outbound_id, error, reach)

    def _failed(self, tx: Transaction, outbound_id: int, error: str | None, reach: str | None) -> None:
        tx.execute(
            update(outbound)
            .where(outbound.c.id == outbound_id)
            .values(state="failed", error=error, sending_since=None)
        )
        if reach:
            reachability.lose(tx, _conversation_of(tx, outbound_id), reach)

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

    def _quiet(self, tx: Transaction, outbound_id: int, until: float) -> None:
        tx.execute(
            update(conversation)
            .where(
                conversation.c.id == _conversation_of(tx, outbound_id),
                conversation.c.throttled_until < until,
            )
            .values(throttled_until=until)
        )

    async def release_all(self) -> None:
        """Make everything unsent due: for the start of the only gateway on its database."""
        await self._database.run(
            lambda tx: tx.execute(update(outbound).where(outbound.c.state == "queued").values(due_at=tx.now))
        )

    async def next_due(self) -> float | None:
        """When the next unsent message becomes due, or None when none waits."""
        return await self._database.run(claims.next_due)

    async def _set(self, outbound_id: int, **values: Any) -> None:
        await self._database.run(
            lambda tx: tx.execute(update(outbound).where(outbound.c.id == outbound_id).values(**values))
        )


def _conversation_of(tx: Transaction, outbound_id: int) -> int:
    return int(
        tx.execute(select(outbound.c.conversation_id).where(outbound.c.id == outbound_id)).scalar_one()
    )
