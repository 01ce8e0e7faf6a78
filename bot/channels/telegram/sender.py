"""Sends what the outbox holds to Telegram, and says what became of it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.channels.render import TELEGRAM, Rendered, render
from bot.channels.telegram.pace import Pace
from bot.messages import reachability
from bot.messages.claims import Outgoing
from bot.messages.dispatch import Receipt
from bot.messages.outbox import REQUEST_CONTACT
from bot.messages.sender import InDoubt, Later, Refused, Unknown
from knowledge import Knowledge

logger = logging.getLogger(__name__)

# What a phone shows in one row of buttons before it cuts labels, in UTF-16 units; a Japanese character counts twice.
ROW_WIDTH = 28
ROW_BUTTONS = 3
# An answer is worth being read twice rather than not at all; a notice of the gateway's own is not.
REPEATED = ("assistant", "agent", "backend")
MOST_DOUBTS = 3
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# The request did not get as far as Telegram.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)
_NO_SUCH_CHAT = ("chat not found", "user not found", "peer_id_invalid", "chat_id is empty")
_FORMATTING = ("entities", "entity", "can't parse")

Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove


class TelegramSender:
    """A channel's sender (see bot.messages.sender)."""

    gap_seconds = 1.0

    def __init__(self, bot: Bot, knowledge: Knowledge, pace: Pace) -> None:
        self._bot = bot
        self._knowledge = knowledge
        self._pace = pace

    def parts(self, outgoing: Outgoing) -> list[Rendered]:
        """The message in parts that Telegram takes."""
        return render(outgoing.text, outgoing.buttons, TELEGRAM, self._knowledge.languages[outgoing.language])

    async def send(self, outgoing: Outgoing, part: Rendered) -> Receipt:
        """Send one part. Raises Refused, Later or InDoubt."""
        if held := self._pace.held():
            raise Later("rate_limited", held)
        await self._pace.turn()
        chat = outgoing.address.peer
        try:
            try:
                message = await self._call(chat, outgoing, part)
            except BadRequest as error:
                if not part.entities or not _says(error, _FORMATTING):
                    raise
                # Better without its bold words than not at all.
                logger.error("message %d goes out without formatting: %s", outgoing.id, error.message)
                message = await self._call(chat, outgoing, Rendered(part.text, [], part.buttons))
        except TelegramError as error:
            raise self._outcome(error, chat) from error
        except (KeyError, TypeError, ValueError) as error:
            # Telegram took it, and answered in a shape that the library cannot read.
            raise InDoubt from error
        finally:
            if chat.startswith("-"):
                # A group is told that we talk in private only, and left.
                with contextlib.suppress(TelegramError):
                    await self._bot.leave_chat(chat)
        return Receipt(str(message.message_id))

    async def resolve(self, outgoing: Outgoing, part: Rendered) -> None:
        """Telegram has no way to ask whether a message arrived, so it is decided by what the message is.

        Raises Unknown when it is not to be sent again.
        """
        if outgoing.origin not in REPEATED or outgoing.unconfirmed_attempts >= MOST_DOUBTS:
            raise Unknown

    async def _call(self, chat: str, outgoing: Outgoing, part: Rendered) -> Any:
        return await self._bot.send_message(
            chat_id=int(chat),
            text=part.text,
            entities=[
                MessageEntity(str(e["type"]), int(e["offset"]), int(e["length"])) for e in part.entities
            ],
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard(part.buttons, clear=outgoing.clears_keyboard),
        )

    def _outcome(self, error: TelegramError, chat: str) -> Exception:  # noqa: PLR0911 - one for each kind
        """What the library's error means to the outbox."""
        if isinstance(error, RetryAfter):
            after = error.retry_after
            seconds = float(after.total_seconds() if isinstance(after, timedelta) else after)
            self._pace.told_to_wait(chat, seconds)
            return Later("rate_limited", seconds)
        if isinstance(error, Forbidden):
            return Refused("blocked", reach=reachability.BLOCKED)
        if isinstance(error, InvalidToken):
            logger.error("Telegram does not know this bot's token: `assistant doctor` says more")
            return Later("not_set_up")
        if isinstance(error, BadRequest | ChatMigrated):
            if _says(error, _NO_SUCH_CHAT):
                return Refused("unusable", reach=reachability.UNUSABLE)
            return Refused("too_long" if _says(error, ("too long",)) else "refused")
        if isinstance(error, NetworkError):
            cause = error.__cause__
            in_doubt = cause is not None and not isinstance(cause, _NOT_SENT)
            return InDoubt() if in_doubt else Later("provider_down")
        # An answer with status 200 that is no JSON: somebody between Telegram and us spoke for it.
        return InDoubt()


def keyboard(buttons: Sequence[dict[str, str]], *, clear: bool = False) -> Keyboard | None:
    """The buttons as Telegram shows them; without any, the removal of an earlier keyboard if it is to be cleared.

    Only a keyboard in place of the phone's own can ask for the client's number; its other buttons type their label.
    """
    if any(button.get("kind") == REQUEST_CONTACT for button in buttons):
        return ReplyKeyboardMarkup(
            [
                [
                    KeyboardButton(
                        button["title"], request_contact=button.get("kind") == REQUEST_CONTACT or None
                    )
                ]
                for button in buttons
            ],
            resize_keyboard=True,
            one_time_keyboard=True,
        )
    if buttons:
        return InlineKeyboardMarkup(
            [
                [InlineKeyboardButton(button["title"], callback_data=button["token"]) for button in row]
                for row in _rows(buttons)
            ]
        )
    return ReplyKeyboardRemove() if clear else None


def _rows(buttons: Sequence[dict[str, str]]) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = []
    room = 0
    for button in buttons:
        width = sum(1 if sign.isascii() else 2 for sign in button["title"])
        if rows and width <= room and len(rows[-1]) < ROW_BUTTONS:
            rows[-1].append(button)
        else:
            rows.append([button])
            room = ROW_WIDTH
        room -= width
    return rows


def _says(error: TelegramError, words: Sequence[str]) -> bool:
    return any(word in error.message.lower() for word in words)
