"""Assemble the desk for the gateway: its pages, an external desk if there is one, and the webhook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels.http import MAX_BODY_BYTES
from bot.clock import Clock
from bot.desk import desk_texts
from bot.desk.adapters.bridge import Bridge
from bot.desk.adapters.chatwoot import Chatwoot, is_genuine
from bot.desk.context_words import ContextWords
from bot.desk.desk_context import DeskContext
from bot.desk.desk_keys import audit_key, desk_key
from bot.desk.event_webhook import Webhooks
from bot.desk.views import Desk
from bot.handoff.agent_commands import AgentCommands
from bot.handoff.handoff_service import HandoffService
from bot.messages.loop import Loop
from bot.messages.signal import Signal
from bot.privacy.audit import AuditTrail
from bot.settings import Settings
from bot.storage import Database


class GatewayDesk:
    """The desk of a gateway: `routes` to serve, `loops` to run, and `close` at the end.

    `acted` is called after an agent's command.
    """

    def __init__(
        self,
        database: Database,
        handoffs: HandoffService,
        settings: Settings,
        changed: Signal,
        clock: Clock,
        acted: Callable[[], None],
    ) -> None:
        key = desk_key(settings)
        audit = AuditTrail(audit_key(key))
        self._clock = clock
        self._settings = settings.desk
        self._desk = Desk(DeskContext(database, handoffs, settings, key, audit, changed, clock, acted))
        self._chatwoot = Chatwoot(settings.desk.chatwoot) if settings.desk.chatwoot else None
        self._bridge = (
            Bridge(
                database,
                self._chatwoot,
                AgentCommands(handoffs),
                ContextWords(handoffs.knowledge, desk_texts.load()),
                audit,
                clock,
                acted,
            )
            if self._chatwoot
            else None
        )
        self._webhooks = (
            Webhooks(database, settings.desk.webhook_url, settings.desk.webhook_secret, clock)
            if settings.desk.webhook_url
            else None
        )

    @property
    def loops(self) -> list[Loop[Any]]:
        """Return the loops that run beside the pages."""
        return [loop for loop in (self._bridge, self._webhooks) if loop is not None]

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the pages, and of Chatwoot's webhook."""
        hints = [Route("/webhooks/chatwoot", self._hint, methods=["POST"])] if self._bridge else []
        return [*self._desk.routes(), *hints]

    def woken(self) -> None:
        """Wake the loops that pass changes on."""
        for loop in self.loops:
            loop.wake()

    async def close(self) -> None:
        """Close the connections."""
        if self._chatwoot is not None:
            await self._chatwoot.aclose()
        if self._webhooks is not None:
            await self._webhooks.close()

    async def _hint(self, request: Request) -> Response:
        """Receive a webhook of Chatwoot: verify it, then poll Chatwoot's API."""
        assert self._settings.chatwoot is not None
        assert self._bridge is not None
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(413)
        genuine = is_genuine(
            self._settings.chatwoot.webhook_secret,
            request.headers.get("x-chatwoot-timestamp", ""),
            body,
            request.headers.get("x-chatwoot-signature", ""),
            self._clock(),
        )
        if not genuine:
            raise HTTPException(401, "the signature is missing or wrong")
        self._bridge.run_soon()
        return Response(status_code=204)
