"""The Telegram channel: wiring, start and stop, and the upkeep of the registration and the command menu."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from starlette.routing import BaseRoute, Route
from telegram import Bot, BotCommand
from telegram.error import TelegramError

from bot.channels.telegram.background_calls import BackgroundCalls
from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.polling import UpdatePoller
from bot.channels.telegram.rate_limiter import RateLimiter
from bot.channels.telegram.sender import TelegramSender
from bot.channels.telegram.update_receiver import UpdateReceiver
from bot.channels.telegram.webhook import TelegramWebhook, WebhookRegistration
from bot.clock import Clock
from bot.messages import conversations, inbox
from bot.messages.chat_commands import ChatCommand
from bot.messages.conversations import Address
from bot.messages.dead_letters import DeadLetters
from bot.messages.inbox import Inbox
from bot.messages.sender import ChannelSender
from bot.settings import TelegramMode, TelegramSettings
from bot.storage import Database
from bot.storage.transaction import Transaction
from knowledge import Knowledge

logger = logging.getLogger(__name__)

UPKEEP_SECONDS = 600.0
UPKEEP_RETRY_SECONDS = 30.0


class TelegramChannel:
    """Telegram for the gateway: its senders, its routes, and tasks that start and stop with the gateway."""

    def __init__(
        self,
        settings: TelegramSettings,
        the_inbox: Inbox,
        database: Database,
        knowledge: Knowledge,
        clock: Clock,
        dead_letters: DeadLetters,
    ) -> None:
        self._settings = settings
        self._knowledge = knowledge
        self._database = database
        self._client = TelegramClient(settings)
        self._bot = self._client.bot
        rate_limiter = RateLimiter(clock)
        self._background_calls = BackgroundCalls(self._bot, rate_limiter, self._has_open_message)
        self.receiver = UpdateReceiver(the_inbox, self._background_calls, dead_letters)
        self.senders: dict[str, ChannelSender] = {
            "telegram": TelegramSender(self._bot, knowledge, rate_limiter)
        }
        self._tasks: list[asyncio.Task[None]] = []
        self._name = ""

    def routes(self) -> Sequence[BaseRoute]:
        """Return the webhook's route; none when polling."""
        if self._settings.mode is TelegramMode.POLLING:
            return ()
        webhook = TelegramWebhook(self.receiver, self._settings)
        return (Route("/webhooks/telegram", webhook.post, methods=["POST"]),)

    def name(self) -> str:
        """Return the bot's user name; "" until it is known."""
        return self._name

    def start(self) -> None:
        """Start the tasks on the running event loop. Telegram need not be reachable."""
        if self._settings.mode is TelegramMode.POLLING:
            self._tasks.append(asyncio.create_task(UpdatePoller(self._bot, self.receiver).run()))
        self._tasks.append(asyncio.create_task(self._keep_up()))

    async def stop(self) -> None:
        """Stop fetching, and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._background_calls.close()
        await self._client.close()

    async def _keep_up(self) -> None:
        """Keep the registration and the command menu in line with the settings."""
        registration = (
            WebhookRegistration(self._bot, self._settings)
            if self._settings.mode is TelegramMode.WEBHOOK
            else None
        )
        menu_set = False
        while True:
            try:
                if registration:
                    await registration.check()
                if not self._name:
                    self._name = (await self._bot.get_me()).username or ""
                if not menu_set:
                    await set_menu(self._bot, self._knowledge)
                    menu_set = True
                pause = UPKEEP_SECONDS
            except TelegramError as error:
                logger.warning("Telegram cannot be set up now: %s", type(error).__name__)
                pause = UPKEEP_RETRY_SECONDS
            await asyncio.sleep(pause)

    async def _has_open_message(self, peer: str) -> bool:
        return await self._database.run(_has_open_message, Address("telegram", peer))


async def set_menu(bot: Bot, knowledge: Knowledge) -> None:
    """Set the command menu in each language, where it differs."""
    for language in knowledge.languages:
        code = None if language == knowledge.default_language else language
        menu = [BotCommand(name, knowledge.text("bot_commands", name, language)) for name in ChatCommand]
        if list(await bot.get_my_commands(language_code=code)) != menu:
            await bot.set_my_commands(menu, language_code=code)


def _has_open_message(tx: Transaction, address: Address) -> bool:
    conversation = conversations.find_by_address(tx, address)
    return conversation is not None and inbox.is_open(tx, conversation.id)
