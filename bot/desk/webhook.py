"""Tells DESK_WEBHOOK_URL of every change of owner: signed as Standard Webhooks are, in order, tried for a day."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import Any

import httpx
from sqlalchemy import func, insert, select, update
from standardwebhooks import Webhook

from bot.clock import Clock
from bot.messages.loop import Loop
from bot.storage import Database
from bot.storage.desk_tables import handoff, handoff_event, webhook_delivery
from bot.storage.tables import conversation
from bot.storage.transaction import Transaction

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15.0
LEASE_SECONDS = 30.0
# 5 s, 10 s, ... up to an hour: about a day and a half in all.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, MOST_TRIES = 5.0, 3600.0, 44


class Webhooks(Loop):
    """Delivers events, the oldest first: a later one is not sent before an earlier one has been settled."""

    def __init__(
        self,
        database: Database,
        url: str,
        secret: str,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__("webhooks", clock, at_once=1)
        self._database = database
        self._url = url
        self._webhook = Webhook(secret)
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False)

    async def take(self, limit: int) -> list[dict[str, Any]]:
        return await self._database.run(self._take)

    async def next_due(self) -> float | None:
        def read(tx: Transaction) -> float | None:
            query = select(func.min(webhook_delivery.c.due_at)).where(webhook_delivery.c.state == "queued")
            due: float | None = tx.execute(query).scalar()
            return due

        return await self._database.run(read)

    async def work(self, item: dict[str, Any]) -> None:
        number, attempts = item.pop("number"), item.pop("attempts")
        body = json.dumps(item, separators=(",", ":"))
        key, at = f"handoff_event_{number}", self.clock()
        signature = self._webhook.sign(key, datetime.fromtimestamp(int(at), timezone.utc), body)
        headers = {
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(at)),
            "webhook-signature": signature,
        }
        try:
            answer = await self._http.post(self._url, content=body.encode(), headers=headers)
            taken = answer.is_success
        except httpx.HTTPError as error:
            logger.warning("the webhook could not be delivered: %s", type(error).__name__)
            taken = False
        await self._database.run(self._settle, number, attempts, taken)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _take(self, tx: Transaction) -> list[dict[str, Any]]:
        self._enlist(tx)
        row = tx.execute(
            select(webhook_delivery)
            .where(webhook_delivery.c.state == "queued")
            .order_by(webhook_delivery.c.event_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None or row.due_at > tx.now:
            return []
        tx.execute(
            update(webhook_delivery)
            .where(webhook_delivery.c.event_id == row.event_id)
            .values(due_at=tx.now + LEASE_SECONDS, attempts=row.attempts + 1)
        )
        return [self._event(tx, row.event_id, row.attempts + 1)]

    def _enlist(self, tx: Transaction) -> None:
        """Put new events into the list. Those from before the first start with a webhook are not told."""
        last = tx.execute(select(func.max(webhook_delivery.c.event_id))).scalar()
        newest = tx.execute(select(func.max(handoff_event.c.id))).scalar()
        if newest is None or newest == last:
            return
        query = select(handoff_event.c.id).order_by(handoff_event.c.id)
        query = query.where(handoff_event.c.id > last) if last is not None else query
        for event in tx.execute(query).all():
            tx.execute(
                insert(webhook_delivery).values(event_id=event.id, state="queued", attempts=0, due_at=tx.now)
            )

    def _event(self, tx: Transaction, number: int, attempts: int) -> dict[str, Any]:
        """The event as it is told: who has the conversation now, and why. Never what anybody wrote."""
        row = tx.execute(
            select(
                handoff_event,
                conversation.c.name,
                conversation.c.channel,
                conversation.c.language,
                handoff.c.reason,
                handoff.c.priority,
            )
            .join(conversation, conversation.c.id == handoff_event.c.conversation_id)
            .outerjoin(handoff, handoff.c.id == handoff_event.c.handoff_id)
            .where(handoff_event.c.id == number)
        ).one()
        return {
            "number": number,
            "attempts": attempts,
            "type": f"handoff.{row.event}",
            "timestamp": datetime.fromtimestamp(row.at, timezone.utc).isoformat(timespec="milliseconds"),
            "data": {
                "conversation": row.name,
                "channel": row.channel,
                "language": row.language,
                "handoff": row.handoff_id,
                "reason": row.reason,
                "priority": row.priority,
                "from": row.from_state,
                "to": row.to_state,
                "epoch": row.epoch,
                "actor": row.actor.partition(":")[0],
            },
        }

    def _settle(self, tx: Transaction, number: int, attempts: int, taken: bool) -> None:
        state = "sent" if taken else "failed" if attempts >= MOST_TRIES else "queued"
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 12))
        tx.execute(
            update(webhook_delivery)
            .where(webhook_delivery.c.event_id == number)
            .values(state=state, due_at=tx.now + pause)
        )
