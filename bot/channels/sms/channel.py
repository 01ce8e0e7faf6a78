"""The SMS channel: wiring, start and stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute, Route

from bot.channels.sms.client import TwilioClient
from bot.channels.sms.sandbox_messages import SandboxMessages
from bot.channels.sms.sender import SmsSender
from bot.channels.sms.webhook import SmsWebhook
from bot.clock import Clock
from bot.messages import deliveries
from bot.messages.dead_letters import DeadLetters
from bot.messages.inbox import Inbox
from bot.messages.sender import ChannelSender
from bot.messages.signal import Signal
from bot.settings import SmsSettings
from bot.storage import Database
from knowledge import Knowledge


class SmsChannel:
    """SMS for the gateway: its senders and routes, started and stopped with the gateway."""

    def __init__(
        self,
        settings: SmsSettings,
        inbox: Inbox,
        database: Database,
        knowledge: Knowledge,
        clock: Clock,
        changed: Signal,
        dead_letters: DeadLetters,
        telegram: Callable[[], str],
        token: str,
    ) -> None:
        """`telegram` returns the name of the Telegram bot, or "" while it is unknown."""
        self._database = database
        self._client = TwilioClient(settings)
        self._webhook = SmsWebhook(settings, inbox, database, clock, changed, dead_letters, telegram)
        self._sandbox = SandboxMessages(self._client, settings.sandbox_numbers, database, clock, token)
        sender = SmsSender(self._client, knowledge, settings.status_url, self._is_ours)
        self.senders: dict[str, ChannelSender] = {"sms": sender}

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes that Twilio and the sandbox backend call."""
        return (
            Route("/webhooks/sms", self._webhook.message, methods=["POST"]),
            Route("/webhooks/sms/status", self._webhook.status, methods=["POST"]),
            Route("/internal/sms", self._sandbox.receive, methods=["POST"]),
        )

    def start(self) -> None:
        """Do nothing: SMS has no tasks of its own."""

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _is_ours(self, sid: str) -> bool:
        return await self._database.run(deliveries.find, sid) is not None
