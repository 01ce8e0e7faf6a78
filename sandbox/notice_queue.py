"""The queue of notices: what the backend tells the assistant unasked, signed as a Standard Webhook."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timezone

from sqlalchemy import insert
from sqlalchemy.engine import Connection, RowMapping
from standardwebhooks import Webhook

from sandbox.delivery_queue import DELIVERED, DeliveryOutcome, RetryPolicy
from sandbox.gateway_client import GatewayClient
from sandbox.schema import notices
from sandbox.statuses import QueueStatus


def enqueue_notice(tx: Connection, type: str, client: str, data: Mapping[str, object], now: float) -> None:
    """Queue a notice for a chat in the transaction of what it is about."""
    tx.execute(
        insert(notices).values(
            id=f"nt_{secrets.token_urlsafe(16)}",
            client=client,
            body=json.dumps({"type": type, "client": client, "data": dict(data)}),
            state=QueueStatus.QUEUED,
            tries=0,
            created_at=now,
            next_try_at=now,
        )
    )


class NoticeQueue:
    """Delivers notices, signed with the shared secret."""

    table = notices
    retry_policy = RetryPolicy(max_pause_seconds=60.0, give_up_after_seconds=3 * 86_400.0)

    def __init__(self, gateway: GatewayClient, secret: str) -> None:
        self._gateway = gateway
        self._webhook = Webhook(secret)

    async def deliver(self, message: RowMapping) -> DeliveryOutcome | None:
        """Sign a notice and post it."""
        # The receiver compares the timestamp with the machine's clock, not with the sandbox's.
        now = datetime.now(timezone.utc)
        headers = {
            "content-type": "application/json",
            "webhook-id": message["id"],
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(message["id"], now, message["body"]),
        }
        accepted = await self._gateway.post("/webhooks/backend", content=message["body"], headers=headers)
        return DELIVERED if accepted else None
