"""The Telegram channel put together: what comes in, what goes out, and what is looked after in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from starlette.routing import BaseRoute, Route
from telegram import Bot, BotCommand
from telegram.error import TelegramError

from bot.channels.telegram.client import Client
from bot.channels.telegram.errands import Errands
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.receiver import Receiver
from bot.channels.telegram.sender import TelegramSender
from bot.channels.telegram.webhook import Registration, Webhook
from bot.clock import Clock
from bot.messages import commands, conversations, inbox
from bot.messages.conversations import Address
from bot.messages.dead_letters import DeadLetters
from bot.messages.inbox import Inbox
from bot.messages.sender import ChannelSender
from bot.settings import TelegramSettings
from bot.storage import Database
from bot.storage.transaction import Transaction
from knowledge import Knowledge

logger = logging.getLogger(__name__)

CHECK_SECONDS = 600.0
AGAIN_SECONDS = 30.0


class TelegramChannel:
    """Telegram for the gateway: `senders` and `routes` to be wired, `start` and `stop` with it."""

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
        self._client = Client(settings)
        self._bot = self._client.bot
        pace = Pace(clock)
        self._errands = Errands(self._bot, pace, self._waits)
        self.receiver = Receiver(the_inbox, self._errands, dead_letters)
        self.senders: dict[str, ChannelSender] = {"telegram": TelegramSender(self._bot, knowledge, pace)}
        self._tasks: list[asyncio.Task[None]] = []
        self._name = ""

    def routes(self) -> Sequence[BaseRoute]:
        """The webhook, where Telegram is to call it."""
        if self._settings.mode == "polling":
            return ()
        webhook = Webhook(self.receiver, self._settings)
        return (Route("/webhooks/telegram", webhook.post, methods=["POST"]),)

    def name(self) -> str:
        """The bot's user name; "" until Telegram has told it."""
        return self._name

    def start(self) -> None:
        """Begin, as tasks of the running event loop. Telegram need not be there."""
        if self._settings.mode == "polling":
            self._tasks.append(asyncio.create_task(Polling(self._bot, self.receiver).run()))
        self._tasks.append(asyncio.create_task(self._look_after()))

    async def stop(self) -> None:
        """Fetch nothing more, and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._errands.close()
        await self._client.close()

    async def _look_after(self) -> None:
        """Keep the registration and the menu of commands as they should be."""
        registration = Registration(self._bot, self._settings) if self._settings.mode == "webhook" else None
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
                pause = CHECK_SECONDS
            except TelegramError as error:
                logger.warning("Telegram cannot be set up just now: %s", type(error).__name__)
                pause = AGAIN_SECONDS
            await asyncio.sleep(pause)

    async def _waits(self, peer: str) -> bool:
        return await self._database.run(_waits, Address("telegram", peer))


async def set_menu(bot: Bot, knowledge: Knowledge) -> None:
    """Show the commands beside the input field, in each language, unless they are shown already."""
    for language in knowledge.languages:
        code = None if language == knowledge.default_language else language
        menu = [BotCommand(name, knowledge.text("bot_commands", name, language)) for name in commands.NAMES]
        if list(await bot.get_my_commands(language_code=code)) != menu:
            await bot.set_my_commands(menu, language_code=code)


def _waits(tx: Transaction, address: Address) -> bool:
    conversation = conversations.find_by_address(tx, address)
    return conversation is not None and inbox.is_open(tx, conversation.id)
