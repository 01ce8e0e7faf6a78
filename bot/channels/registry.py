"""The live channels whose settings are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from starlette.routing import BaseRoute

from bot.channels.sms.channel import SmsChannel
from bot.channels.telegram.channel import TelegramChannel
from bot.clock import Clock
from bot.messages.dead_letters import DeadLetters
from bot.messages.inbox import Inbox
from bot.messages.sender import ChannelSender
from bot.messages.signal import Signal
from bot.settings import Settings
from bot.storage import Database
from knowledge import Knowledge


class Channel(Protocol):
    """A live channel as the gateway uses it."""

    senders: dict[str, ChannelSender]

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes that the platform calls."""
        ...

    def start(self) -> None:
        """Start tasks on the running event loop."""
        ...

    async def stop(self) -> None:
        """Stop receiving, and close the connections."""
        ...


def configured_channels(
    settings: Settings, inbox: Inbox, database: Database, knowledge: Knowledge, clock: Clock, changed: Signal
) -> list[Channel]:
    """Build the channels that are set up. Their platforms need not be reachable."""
    channels: list[Channel] = []
    dead_letters = DeadLetters(database, clock)
    telegram = (
        TelegramChannel(settings.telegram, inbox, database, knowledge, clock, dead_letters)
        if settings.telegram
        else None
    )
    if telegram:
        channels.append(telegram)
    if settings.sms:
        name = telegram.name if telegram else str
        channels.append(
            SmsChannel(
                settings.sms,
                inbox,
                database,
                knowledge,
                clock,
                changed,
                dead_letters,
                name,
                settings.internal_token,
            )
        )
    return channels
