"""Delivers the waiting text messages in the background."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

import httpx

from sandbox import outbox
from sandbox.clock import Clock
from sandbox.keys import Keys, UnreadableTextError
from sandbox.storage import Storage

log = logging.getLogger("sandbox.courier")

SEND_TIMEOUT = 3.0
PAUSE_AFTER_FAILURE = 1.0


class SmsSender(Protocol):
    """Hands one text message over to whoever delivers it."""

    async def send(self, *, id: str, client: str, number: str, text: str) -> bool:
        """Returns whether the message was taken; True only when that is certain."""
        ...


class GatewaySms:
    """Hands text messages to the simulated phones, over loopback."""

    def __init__(self, port: int, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=SEND_TIMEOUT,
            # A proxy that is set for the outside must not be asked for a loopback address.
            trust_env=False,
        )

    async def send(self, *, id: str, client: str, number: str, text: str) -> bool:
        message = {"id": id, "client": client, "to": number, "text": text}
        try:
            answer = await self._http.post("/simulator/sms", json=message)
        except httpx.HTTPError:
            return False
        return answer.is_success

    async def close(self) -> None:
        await self._http.aclose()


class Courier:
    """Takes messages off the queue, each client's in order, and tries again until they are taken."""

    def __init__(self, storage: Storage, keys: Keys, clock: Clock, sender: SmsSender) -> None:
        self._storage = storage
        self._keys = keys
        self._clock = clock
        self._sender = sender
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
                pause = await self._round()
            except Exception:
                # Whatever it is, a courier that has stopped would be noticed by nobody.
                log.exception("a round of deliveries failed")
                pause = PAUSE_AFTER_FAILURE
            # The clock may be moved while we wait: whoever moves it wakes us.
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except asyncio.TimeoutError:
                continue

    async def _round(self) -> float | None:
        """Try every message that is due. Returns the seconds until the next is, None when none waits."""
        heads = await asyncio.to_thread(self._heads)
        now = self._clock.now()
        due = [message for message in heads if message.next_try_at <= now]
        if not due:
            return min((message.next_try_at - now for message in heads), default=None)
        taken = await asyncio.gather(*(self._try(message) for message in due))
        await asyncio.to_thread(self._record, list(zip(due, taken, strict=True)), now)
        return 0.0

    async def _try(self, message: outbox.WaitingSms) -> bool:
        try:
            text = self._keys.unseal(message.sealed_text)
        except UnreadableTextError:
            log.error("text message %s cannot be read with this server key", message.id)
            return False
        return await self._sender.send(id=message.id, client=message.client, number=message.number, text=text)

    def _heads(self) -> list[outbox.WaitingSms]:
        with self._storage.transaction() as tx:
            return outbox.next_of_each_client(tx)

    def _record(self, results: list[tuple[outbox.WaitingSms, bool]], tried_at: float) -> None:
        with self._storage.transaction() as tx:
            for message, taken in results:
                if taken:
                    outbox.mark_done(tx, message, "delivered")
                elif not outbox.mark_failed(tx, message, tried_at):
                    log.error(
                        "text message %s was given up after %d failed tries", message.id, message.tries + 1
                    )
