"""Send every ownership event to DESK_WEBHOOK_URL: signed as Standard Webhooks, in order, retried for a day."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import httpx
from sqlalchemy import func, insert, select
from standardwebhooks import Webhook

from bot.clock import Clock
from bot.desk.context_words import reason_name
from bot.domain import WebhookStatus
from bot.messages.backoff import backoff
from bot.messages.loop import Loop
from bot.messages.queue import Queue
from bot.storage import Database
from bot.storage.desk_tables import handoff, handoff_event, webhook_delivery
from bot.storage.tables import conversation
from bot.storage.transaction import Transaction

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15.0
LEASE_SECONDS = 30.0
# 5 s, 10 s, ... up to an hour: about a day and a half in all.
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, MAX_ATTEMPTS = 5.0, 3600.0, 44


@dataclass(frozen=True)
class WebhookDelivery:
    """An event to be delivered now."""

    event_id: int
    attempts: int


QUEUE: Queue[WebhookDelivery] = Queue(
    webhook_delivery,
    lambda row: WebhookDelivery(row.event_id, row.attempts + 1),
    lease_seconds=LEASE_SECONDS,
    fifo_by=(),
)


class Webhooks(Loop[WebhookDelivery]):
    """Delivers events, the oldest first. An event waits until the earlier ones are delivered or given up."""

    def __init__(
        self,
        database: Database,
        url: str,
        secret: str,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__("webhooks", clock, concurrency=1)
        self._database = database
        self._url = url
        self._webhook = Webhook(secret)
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False)

    async def claim(self, limit: int) -> list[WebhookDelivery]:
        """Claim the oldest event that waits."""
        return await self._database.run(self._enlist_and_claim, limit)

    async def next_due(self) -> float | None:
        """Return when the next event is due."""
        return await self._database.run(QUEUE.next_due)

    async def work(self, item: WebhookDelivery) -> None:
        """Deliver one event."""
        event = await self._database.run(self._event, item.event_id)
        body = json.dumps(event, separators=(",", ":"))
        key, at = f"handoff_event_{item.event_id}", self.clock()
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
        await self._database.run(self._settle, item, taken)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _enlist_and_claim(self, tx: Transaction, limit: int) -> list[WebhookDelivery]:
        self._enlist(tx)
        return QUEUE.claim(tx, limit)

    def _enlist(self, tx: Transaction) -> None:
        """Queue new events. Events from before the first start with a webhook are left out."""
        last = tx.execute(select(func.max(webhook_delivery.c.event_id))).scalar()
        newest = tx.execute(select(func.max(handoff_event.c.id))).scalar()
        if newest is None or newest == last:
            return
        query = select(handoff_event.c.id).order_by(handoff_event.c.id)
        query = query.where(handoff_event.c.id > last) if last is not None else query
        for event in tx.execute(query).all():
            tx.execute(
                insert(webhook_delivery).values(
                    event_id=event.id, state=WebhookStatus.QUEUED, attempts=0, due_at=tx.now
                )
            )

    def _event(self, tx: Transaction, number: int) -> dict[str, Any]:
        """Return the event's body: the owner and the reason, never a message's text."""
        row = tx.execute(
            select(
                handoff_event,
                conversation.c.name,
                conversation.c.channel,
                conversation.c.language,
                handoff.c.reason,
                handoff.c.topic,
                handoff.c.priority,
            )
            .join(conversation, conversation.c.id == handoff_event.c.conversation_id)
            .outerjoin(handoff, handoff.c.id == handoff_event.c.handoff_id)
            .where(handoff_event.c.id == number)
        ).one()
        return {
            "type": f"handoff.{row.event}",
            "timestamp": datetime.fromtimestamp(row.at, timezone.utc).isoformat(timespec="milliseconds"),
            "data": {
                "conversation": row.name,
                "channel": row.channel,
                "language": row.language,
                "handoff": row.handoff_id,
                "reason": reason_name(row.reason, row.topic) if row.reason else None,
                "priority": row.priority,
                "from": row.from_state,
                "to": row.to_state,
                "epoch": row.epoch,
                "actor": row.actor.partition(":")[0],
            },
        }

    def _settle(self, tx: Transaction, item: WebhookDelivery, is_delivered: bool) -> None:
        if is_delivered:
            QUEUE.finish(tx, item.event_id, state=WebhookStatus.SENT)
        elif item.attempts >= MAX_ATTEMPTS:
            QUEUE.finish(tx, item.event_id, state=WebhookStatus.FAILED)
        else:
            pause = backoff(item.attempts, first_seconds=FIRST_PAUSE_SECONDS, max_seconds=MAX_PAUSE_SECONDS)
            QUEUE.retry(tx, item.event_id, tx.now + pause)
