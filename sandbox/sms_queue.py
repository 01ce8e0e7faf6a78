"""The queue of text messages, to simulated phones and to real ones that the operator has named."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.engine import Connection, RowMapping

from sandbox.delivery_queue import DELIVERED, DeliveryOutcome, RetryPolicy
from sandbox.gateway_client import GatewayClient
from sandbox.schema import sms
from sandbox.server_key import ServerKey, UnreadableTextError
from sandbox.statuses import CodePurpose, QueueStatus

log = logging.getLogger("sandbox.delivery")


@dataclass(frozen=True)
class CodeMessage:
    """A text message with a code. A withheld one is not sent and counts for the limits alone."""

    challenge: str
    purpose: CodePurpose
    username: str | None
    client: str
    number: str
    text: str
    withheld: bool = False


def enqueue_sms(tx: Connection, key: ServerKey, message: CodeMessage, now: float) -> None:
    """Queue a text message in the transaction of what it is about."""
    tx.execute(
        insert(sms).values(
            id=f"SM{secrets.token_hex(16)}",
            challenge=message.challenge,
            purpose=message.purpose,
            username=message.username,
            client=message.client,
            number=message.number,
            sealed_text=None if message.withheld else key.seal(message.text),
            state=QueueStatus.WITHHELD if message.withheld else QueueStatus.QUEUED,
            tries=0,
            created_at=now,
            next_try_at=now,
        )
    )


class SmsQueue:
    """Delivers text messages. `carriers` maps numbers that messages never reach to the reason."""

    table = sms
    retry_policy = RetryPolicy(max_pause_seconds=5.0, give_up_after_seconds=120.0)

    def __init__(
        self,
        gateway: GatewayClient,
        key: ServerKey,
        carriers: Mapping[str, str],
        real_numbers: frozenset[str],
    ) -> None:
        self._gateway = gateway
        self._key = key
        self._carriers = carriers
        self._real_numbers = real_numbers

    async def deliver(self, message: RowMapping) -> DeliveryOutcome | None:
        """Hand a text message to the gateway, unless its carrier refuses it."""
        if message["number"] in self._carriers:
            return DeliveryOutcome(QueueStatus.UNDELIVERED, self._carriers[message["number"]])
        try:
            text = self._key.unseal(message["sealed_text"])
        except UnreadableTextError:
            log.error("text message %s cannot be decrypted with this server key", message["id"])
            return None
        body = {"id": message["id"], "client": message["client"], "to": message["number"], "text": text}
        # A client on the simulator sees the simulated phone, whatever the number.
        real = message["number"] in self._real_numbers and not message["client"].startswith("simulator.")
        path = "/internal/sms" if real else "/simulator/sms"
        return DELIVERED if await self._gateway.post(path, json=body) else None
