"""What is done for a client beside answering: stop a button's spinner, take a used keyboard away, show "typing",
delete a secret, leave a group. None of it is worth a retry, and none of it holds anything up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram.pace import Pace
from bot.channels.telegram.updates import Heard

logger = logging.getLogger(__name__)

# An answer that is there by then needs no "typing".
PATIENCE_SECONDS = 0.5
# Telegram shows it for five seconds, or until the answer is there.
REPEAT_SECONDS = 4.0
LONGEST_TYPING_SECONDS = 30.0


class Errands:
    """Runs errands in the background, and ends them with the gateway."""

    def __init__(self, bot: Bot, pace: Pace, is_open: Callable[[str], Awaitable[bool]]) -> None:
        """`is_open`: whether a message of that peer still waits for its answer."""
        self._bot = bot
        self._pace = pace
        self._is_open = is_open
        self._tasks: set[asyncio.Task[None]] = set()
        self._typing: set[int] = set()

    def after(self, heard: Heard, *, secret: bool, answering: bool) -> None:
        """Do what an update asks for beside its answer."""
        if heard.tapped:
            self._run(self._bot.answer_callback_query(heard.tapped))
        if heard.used:
            self._run(self._bot.edit_message_reply_markup(chat_id=heard.chat_id, message_id=heard.used))
        if secret and heard.typed:
            self._run(self._bot.delete_message(heard.chat_id, heard.typed))
        if heard.leave:
            self._run(self._bot.leave_chat(heard.chat_id))
        if answering and heard.chat_id not in self._typing:
            self._typing.add(heard.chat_id)
            self._run(self._type(heard.chat_id))

    async def _type(self, chat_id: int) -> None:
        """Show that an answer is being worked on, until it is there."""
        end = asyncio.get_running_loop().time() + LONGEST_TYPING_SECONDS
        try:
            await asyncio.sleep(PATIENCE_SECONDS)
            while await self._is_open(str(chat_id)) and asyncio.get_running_loop().time() < end:
                # Never at the cost of a message.
                if self._pace.is_free():
                    await self._bot.send_chat_action(chat_id, ChatAction.TYPING)
                await asyncio.sleep(REPEAT_SECONDS)
        finally:
            self._typing.discard(chat_id)

    def _run(self, errand: Awaitable[Any]) -> None:
        task = asyncio.create_task(self._quietly(errand))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, errand: Awaitable[Any]) -> None:
        try:
            await errand
        except TelegramError as error:
            # An old query, a message that is gone already, a group that has thrown us out.
            logger.info("an errand was not done: %s", error.message)
        except Exception:
            logger.exception("an errand failed")

    async def close(self) -> None:
        """End what is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
