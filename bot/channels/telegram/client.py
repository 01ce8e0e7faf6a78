"""The Bot API client with its timeouts, its address, and a close that always works."""

from __future__ import annotations

import logging
from types import TracebackType
from urllib.parse import urlsplit

from telegram import Bot
from telegram.request import HTTPXRequest

from bot.settings import TelegramSettings, is_loopback

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
# How long Telegram holds a getUpdates until there is something.
POLL_SECONDS = 25

# The library logs answers that it cannot parse, with their whole content.
logging.getLogger("telegram").setLevel(logging.CRITICAL)
# Every URL holds the token, and httpx logs URLs.
logging.getLogger("httpx").setLevel(logging.WARNING)


class TelegramClient:
    """Owns the connections of a bot: `async with TelegramClient(settings) as bot`."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._requests = (
            _request(settings, POLL_SECONDS + ANSWER_SECONDS, connections=1),
            _request(settings, ANSWER_SECONDS, connections=64),
        )
        polling, calling = self._requests
        # Bot.initialize() is not called: it asks Telegram for the bot's name, and fails when Telegram is down.
        self.bot = Bot(
            settings.token,
            base_url=f"{settings.api_base_url}/bot",
            base_file_url=f"{settings.api_base_url}/file/bot",
            request=calling,
            get_updates_request=polling,
        )

    async def close(self) -> None:
        """Close the connections."""
        for request in self._requests:
            await request.shutdown()

    async def __aenter__(self) -> Bot:
        return self.bot

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _request(settings: TelegramSettings, read_seconds: float, connections: int) -> HTTPXRequest:
    host = urlsplit(settings.api_base_url).hostname or ""
    return HTTPXRequest(
        connection_pool_size=connections,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        write_timeout=ANSWER_SECONDS,
        pool_timeout=ANSWER_SECONDS,
        # A Bot API server on this machine is called without the machine's proxy.
        httpx_kwargs={"trust_env": not is_loopback(host)},
    )
