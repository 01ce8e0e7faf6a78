"""The gateway put together: `python -m bot.app` serves it on HOST:GATEWAY_PORT."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.backend_notices import BackendNoticeReceiver
from bot.channels.http import read_body, require_loopback, require_token
from bot.channels.registry import configured_channels
from bot.channels.simulator.phones import Phones
from bot.channels.simulator.routes import Simulator
from bot.channels.simulator.sender import SimulatorSender
from bot.clock import Clock, system_clock
from bot.conversation.engine import Engine
from bot.conversation.pipeline import Pipeline
from bot.conversation.reminders import ReminderLoop
from bot.conversation.worker import Worker
from bot.desk.wiring import GatewayDesk
from bot.handoff.deadlines import Deadlines
from bot.handoff.handoff_service import HandoffService
from bot.messages import halts, inbound_queue, outbound_queue
from bot.messages.inbox import Inbox
from bot.messages.loop import Loop, stop_all
from bot.messages.sender import ChannelSender, Sender
from bot.messages.signal import Signal
from bot.privacy.vault import Vault
from bot.settings import Settings, SettingsError
from bot.storage import Database, StorageError, inbound
from bot.telemetry import configure_logging, inbound_backlog, sending_halted
from contracts.codec import ContractError, decode, encode
from contracts.turns import RedeemRequest, RedeemResponse
from knowledge import Knowledge, load


class Gateway:
    """The gateway's parts, wired. `app` is the ASGI application that starts and stops them."""

    def __init__(
        self,
        settings: Settings,
        knowledge: Knowledge,
        clock: Clock = system_clock,
        engine: Engine | None = None,
    ) -> None:
        self.settings = settings
        self.database = Database(settings.database_url, clock)
        self.vault = Vault(settings.vault_key)
        self.changed = Signal()
        self.engine = engine or Engine(f"http://127.0.0.1:{settings.rasa_port}", settings.internal_token)
        # Made once: it takes some hundredths of a second, and holds up everything else.
        self._actions = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{settings.actions_port}", timeout=2.0, trust_env=False
        )
        self.inbox = Inbox(self.database, knowledge, self.vault, self._on_message_stored)
        self.handoffs = HandoffService(knowledge, settings.desk)
        pipeline = Pipeline(self.vault, knowledge, self.handoffs)
        self.worker = Worker(self.database, self.engine, pipeline, clock, self._on_reply_stored)
        self.reminders = ReminderLoop(self.database, knowledge, clock, self._on_reply_stored)
        self.deadlines = Deadlines(self.database, self.handoffs, clock, self._on_reply_stored)
        senders: dict[str, ChannelSender] = {}
        routes: list[BaseRoute] = [
            Route("/livez", _livez),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
            Route("/internal/vault/redeem", self._redeem, methods=["POST"]),
        ]
        self.desk = GatewayDesk(
            self.database, self.handoffs, settings, self.changed, clock, self._on_reply_stored
        )
        routes += self.desk.routes()
        if settings.simulator:
            phones = Phones(settings.state_dir / "simulator.db")
            simulator = SimulatorSender(phones, knowledge)
            senders |= {"simulator.telegram": simulator, "simulator.sms": simulator}
            routes += Simulator(
                self.inbox, self.database, phones, self.changed, settings.internal_token
            ).routes()
        if settings.auth_backend_webhook_secret:
            routes += BackendNoticeReceiver(
                self.database, knowledge, clock, settings.auth_backend_webhook_secret, self._on_reply_stored
            ).routes()
        self.channels = configured_channels(
            settings, self.inbox, self.database, knowledge, clock, self.changed
        )
        for channel in self.channels:
            senders |= channel.senders
            routes += channel.routes()
        self.sender = Sender(self.database, senders, clock, self.changed.set)
        self.app = Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={HTTPException: _problem},
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        if self.database.sqlite:
            # The only gateway on this database: whatever is leased belonged to one that has ended.
            for queue in (inbound_queue.QUEUE, outbound_queue.QUEUE):
                await self.database.run(queue.release_all)
        loops: tuple[Loop[Any], ...] = (
            self.worker,
            self.sender,
            self.reminders,
            self.deadlines,
            *self.desk.loops,
        )
        for loop in loops:
            loop.start()
        for channel in self.channels:
            channel.start()
        yield
        await stop_all(*loops)
        for channel in self.channels:
            await channel.stop()
        await self.desk.close()
        await self.engine.close()
        await self._actions.aclose()
        await self.database.close()

    def _on_message_stored(self) -> None:
        self.worker.wake()
        # A notice may have been stored with the message.
        self.sender.wake()

    def _on_reply_stored(self) -> None:
        self.sender.wake()
        self.changed.set()
        self.desk.woken()

    async def _readyz(self, _: Request) -> Response:
        database, rasa, actions = await asyncio.gather(
            self._database_answers(), self.engine.is_ready(), self._actions_answer()
        )
        parts = {"database": database, "rasa": rasa, "actions": actions}
        ready = all(parts.values())
        return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503)

    async def _metrics(self, _: Request) -> Response:
        inbound_backlog.set(await self.database.run(inbound_queue.QUEUE.count))
        now_halted = await self.database.run(halts.list_halted)
        for name in halts.CHANNELS:
            sending_halted.labels(name).set(name in now_halted)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def _database_answers(self) -> bool:
        try:
            await self.database.run(lambda tx: tx.execute(select(inbound.c.id).limit(1)))
        except Exception:
            return False
        return True

    async def _actions_answer(self) -> bool:
        try:
            return (await self._actions.get("/livez")).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    async def _redeem(self, request: Request) -> Response:
        """Return a secret to the action server, during the turn that it belongs to."""
        require_loopback(request)
        require_token(request, self.settings.internal_token)
        secret = None
        with suppress(ContractError):
            reference = decode(await read_body(request), RedeemRequest).reference
            # References are printable ASCII; a database refuses some other characters.
            if reference.isascii() and reference.isprintable():
                secret = await self.database.run(self.vault.open, reference)
        if secret is None:
            raise HTTPException(404, "nothing is kept under that reference")
        return Response(encode(RedeemResponse(secret)), media_type="application/json")


async def _livez(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


def main() -> None:
    """Serve until told to stop. Exit code 2 with one line when a setting or the database is unusable."""
    configure_logging()
    try:
        settings = Settings.read().in_stack()
        gateway = Gateway(settings, load())
        gateway.database.migrate()
    except (SettingsError, StorageError, sqlite3.Error) as error:
        print(f"bot.app: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    # What is loaded now stays: collecting it as garbage would hold up acknowledgements.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        gateway.app,
        host=settings.host,
        port=settings.gateway_port,
        access_log=False,
        ws="none",
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=4,
    )


if __name__ == "__main__":
    main()
