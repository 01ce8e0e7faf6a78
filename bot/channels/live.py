"""The live channels: those whose settings are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from starlette.routing import BaseRoute

from bot.channels.sms.channel import SmsChannel
from bot.channels.telegram.channel import TelegramChannel
from bot.clock import Clock
from bot.messages.inbox import Inbox
from bot.messages.sender import ChannelSender
from bot.messages.signal import Signal
from bot.settings import Settings
from bot.storage import Database
from data.knowledge import Knowledge


class Channel(Protocol):
    """A live channel as the gateway sees it."""

    senders: dict[str, ChannelSender]

    def routes(self) -> Sequence[BaseRoute]:
        """What the platform calls."""
        ...

    def start(self) -> None:
        """Begin, as tasks of the running event loop."""
        ...

    async def stop(self) -> None:
        """Take nothing more in, and close the connections."""
        ...


def live_channels(
    settings: Settings, inbox: Inbox, database: Database, knowledge: Knowledge, clock: Clock, changed: Signal
) -> list[Channel]:
    """The channels that are set up; none of them needs its platform to be there."""
    channels: list[Channel] = []
    if settings.telegram:
        channels.append(TelegramChannel(settings.telegram, inbox, database, knowledge, clock))
    if settings.sms:
        channels.append(SmsChannel(settings.sms, inbox, database, knowledge, clock, changed))
    return channels
