"""Best-effort calls beside the answer, which are never retried and never delay a message.

They stop a button's spinner, remove a used keyboard, show "typing", delete a secret, or leave a group.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram.rate_limiter import RateLimiter
from bot.channels.telegram.update_parser import ParsedUpdate

logger = logging.getLogger(__name__)

# A quick answer needs no "typing".
TYPING_DELAY_SECONDS = 0.5
# Telegram shows "typing" for five seconds, or until the next message.
TYPING_REPEAT_SECONDS = 4.0
MAX_TYPING_SECONDS = 30.0


class BackgroundCalls:
    """Runs best-effort calls as tasks, and cancels them with the gateway."""

    def __init__(
        self, bot: Bot, rate_limiter: RateLimiter, is_open: Callable[[str], Awaitable[bool]]
    ) -> None:
        """`is_open` tells whether a message of that peer still waits for its answer."""
        self._bot = bot
        self._rate_limiter = rate_limiter
        self._is_open = is_open
        self._tasks: set[asyncio.Task[None]] = set()
        self._typing: set[int] = set()

    def start(self, parsed: ParsedUpdate, *, secret: bool, answering: bool) -> None:
        """Start the calls that the update needs. `secret`: it held a secret; `answering`: an answer will follow."""
        if parsed.callback_query_id:
            self._run(self._bot.answer_callback_query(parsed.callback_query_id))
        if parsed.keyboard_message_id:
            self._run(
                self._bot.edit_message_reply_markup(
                    chat_id=parsed.chat_id, message_id=parsed.keyboard_message_id
                )
            )
        if secret and parsed.client_message_id:
            self._run(self._bot.delete_message(parsed.chat_id, parsed.client_message_id))
        if parsed.leave_chat:
            self._run(self._bot.leave_chat(parsed.chat_id))
        if answering and parsed.chat_id not in self._typing:
            self._typing.add(parsed.chat_id)
            self._run(self._type(parsed.chat_id))

    async def _type(self, chat_id: int) -> None:
        """Show "typing" until the answer is sent."""
        end = asyncio.get_running_loop().time() + MAX_TYPING_SECONDS
        try:
            await asyncio.sleep(TYPING_DELAY_SECONDS)
            while await self._is_open(str(chat_id)) and asyncio.get_running_loop().time() < end:
                # "typing" must not delay a message.
                if self._rate_limiter.is_free():
                    await self._bot.send_chat_action(chat_id, ChatAction.TYPING)
                await asyncio.sleep(TYPING_REPEAT_SECONDS)
        finally:
            self._typing.discard(chat_id)

    def _run(self, call: Awaitable[Any]) -> None:
        task = asyncio.create_task(self._call(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, call: Awaitable[Any]) -> None:
        try:
            await call
        except TelegramError as error:
            # An expired query, a message that is gone, a group that removed the bot.
            logger.info("a best-effort call was refused: %s", error.message)
        except Exception:
            logger.exception("a best-effort call failed")

    async def close(self) -> None:
        """Cancel the calls that are still running."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
