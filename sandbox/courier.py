"""Delivers in the background what waits: text messages to clients' phones, notices to the assistant."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Protocol

import httpx
from sqlalchemy import Table
from standardwebhooks import Webhook

from sandbox import outbox
from sandbox.clock import Clock
from sandbox.keys import Keys, UnreadableTextError
from sandbox.outbox import FOR_NOTICES, FOR_SMS, Patience
from sandbox.storage import Storage, notices, sms

log = logging.getLogger("sandbox.courier")

SEND_TIMEOUT = 3.0
PAUSE_AFTER_FAILURE = 1.0


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended: delivered, or undelivered with a reason."""

    state: str
    reason: str | None = None


DELIVERED = Outcome("delivered")


class Errand(Protocol):
    """One kind of thing to deliver: where it waits, how long, and how it is handed over."""

    table: Table
    patience: Patience

    async def deliver(self, message: Mapping[str, Any]) -> Outcome | None:
        """Hand it over; None when it was not taken, or that is not certain."""
        ...


class Gateway:
    """The assistant's gateway, over loopback."""

    def __init__(self, port: int, token: str) -> None:
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=SEND_TIMEOUT,
            # A proxy that is set for the outside must not be asked for a loopback address.
            trust_env=False,
            # Plain HTTP: there are no certificates to read.
            verify=False,  # noqa: S501
        )

    async def takes(self, path: str, **request: Any) -> bool:
        """Whether the gateway took it; True only when that is certain."""
        try:
            return (await self.http.post(path, **request)).is_success
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        await self.http.aclose()


class TextMessages:
    """Text messages to the simulated phones, and to real ones whose numbers the operator has named.

    Some carriers refuse them, as in life.
    """

    table = sms
    patience = FOR_SMS

    def __init__(
        self, gateway: Gateway, keys: Keys, carriers: Mapping[str, str], real_numbers: frozenset[str]
    ) -> None:
        self._gateway = gateway
        self._keys = keys
        self._carriers = carriers
        self._real_numbers = real_numbers

    async def deliver(self, message: Mapping[str, Any]) -> Outcome | None:
        if message["number"] in self._carriers:
            return Outcome("undelivered", self._carriers[message["number"]])
        try:
            text = self._keys.unseal(message["sealed_text"])
        except UnreadableTextError:
            log.error("text message %s cannot be read with this server key", message["id"])
            return None
        body = {"id": message["id"], "client": message["client"], "to": message["number"], "text": text}
        # Whoever plays on the simulator looks at the simulated phone, whatever the number.
        real = message["number"] in self._real_numbers and not message["client"].startswith("simulator.")
        path = "/internal/sms" if real else "/simulator/sms"
        return DELIVERED if await self._gateway.takes(path, json=body) else None


class Notices:
    """Notices to the assistant, signed as Standard Webhooks demand."""

    table = notices
    patience = FOR_NOTICES

    def __init__(self, gateway: Gateway, secret: str) -> None:
        self._gateway = gateway
        self._webhook = Webhook(secret)

    async def deliver(self, message: Mapping[str, Any]) -> Outcome | None:
        # By the machine's clock, which the receiver goes by too, and not by the sandbox's.
        now = datetime.now(timezone.utc)
        headers = {
            "content-type": "application/json",
            "webhook-id": message["id"],
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(message["id"], now, message["body"]),
        }
        taken = await self._gateway.takes("/webhooks/backend", content=message["body"], headers=headers)
        return DELIVERED if taken else None


class Courier:
    """Takes messages off the queues, each client's in order, and tries again until they are taken."""

    def __init__(self, storage: Storage, clock: Clock, errands: Sequence[Errand]) -> None:
        self._storage = storage
        self._clock = clock
        self._errands = errands
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Say that there may be something new to do. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Deliver until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            try:
                pauses = [await self._round(errand) for errand in self._errands]
                pause = min((seconds for seconds in pauses if seconds is not None), default=None)
            except Exception:
                # Whatever it is, a courier that has stopped would be noticed by nobody.
                log.exception("a round of deliveries failed")
                pause = PAUSE_AFTER_FAILURE
            # The clock may be moved while we wait: whoever moves it wakes us.
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except asyncio.TimeoutError:
                continue

    async def _round(self, errand: Errand) -> float | None:
        """Try every message that is due. Returns the seconds until the next is, None when none waits."""
        heads = await asyncio.to_thread(self._heads, errand.table)
        now = self._clock.now()
        due = [message for message in heads if message["next_try_at"] <= now]
        if not due:
            return min((message["next_try_at"] - now for message in heads), default=None)
        ended = await asyncio.gather(*(errand.deliver(message) for message in due))
        await asyncio.to_thread(self._record, errand, list(zip(due, ended, strict=True)), now)
        return 0.0

    def _heads(self, table: Table) -> list[Any]:
        with self._storage.transaction() as tx:
            return list(outbox.next_of_each_client(tx, table))

    def _record(self, errand: Errand, results: list[tuple[Any, Outcome | None]], tried_at: float) -> None:
        table = errand.table
        with self._storage.transaction() as tx:
            for message, outcome in results:
                if outcome is not None:
                    outbox.mark_done(tx, table, message, outcome.state, outcome.reason)
                elif not outbox.mark_failed(tx, table, message, tried_at, errand.patience):
                    tries = message["tries"] + 1
                    log.error("%s %s was given up after %d failed tries", table.name, message["id"], tries)
