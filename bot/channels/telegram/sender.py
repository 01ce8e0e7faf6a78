"""Send outbound messages to Telegram, and map its answers to the outbox's outcomes."""

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

from bot.channels.render import TELEGRAM, RenderedPart, render
from bot.channels.telegram.rate_limiter import RateLimiter
from bot.domain import Origin, UnreachableReason
from bot.messages.outbound_queue import OutboundMessage, Receipt
from bot.messages.outbox import MessageButton
from bot.messages.sender import SendDeferredError, SendRejectedError, SendUnconfirmedError, SendUnknownError
from contracts.payloads import REQUEST_CONTACT
from knowledge import Knowledge

logger = logging.getLogger(__name__)

# The width of a row of buttons before phones cut labels; a Japanese character counts twice.
MAX_ROW_WIDTH = 28
MAX_ROW_BUTTONS = 3
# A message that may have been lost is sent again if it is an answer; a notice of the gateway is not worth it.
RESENT_ORIGINS = (Origin.ASSISTANT, Origin.AGENT, Origin.BACKEND)
MAX_UNCONFIRMED_ATTEMPTS = 3
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# Errors that show that the request did not reach Telegram.
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
    """Telegram's ChannelSender."""

    gap_seconds = 1.0

    def __init__(self, bot: Bot, knowledge: Knowledge, rate_limiter: RateLimiter) -> None:
        self._bot = bot
        self._knowledge = knowledge
        self._rate_limiter = rate_limiter

    def parts(self, outgoing: OutboundMessage) -> list[RenderedPart]:
        """Render the message, in parts within Telegram's limit."""
        return render(outgoing.text, outgoing.buttons, TELEGRAM, self._knowledge.languages[outgoing.language])

    async def send(self, outgoing: OutboundMessage, part: RenderedPart) -> Receipt:
        """Send one part. Raises SendRejectedError, SendDeferredError or SendUnconfirmedError."""
        if pause := self._rate_limiter.remaining_pause():
            raise SendDeferredError("rate_limited", pause)
        await self._rate_limiter.acquire()
        chat = outgoing.address.peer
        try:
            try:
                message = await self._call(chat, outgoing, part)
            except BadRequest as error:
                if not part.entities or not _mentions(error, _FORMATTING):
                    raise
                # The text without bold is better than no text.
                logger.error("message %d goes out without formatting: %s", outgoing.id, error.message)
                message = await self._call(chat, outgoing, RenderedPart(part.text, [], part.buttons))
        except TelegramError as error:
            raise self._outcome(error, chat) from error
        except (KeyError, TypeError, ValueError) as error:
            # Telegram accepted the message, and the library cannot parse the answer.
            raise SendUnconfirmedError from error
        finally:
            if chat.startswith("-"):
                # A group gets the explanation that the bot talks in private only; then it is left.
                with contextlib.suppress(TelegramError):
                    await self._bot.leave_chat(chat)
        return Receipt(str(message.message_id))

    async def resolve(self, outgoing: OutboundMessage, part: RenderedPart) -> None:
        """Decide by the origin whether to send again, since Telegram cannot tell whether a message arrived.

        Raises Unknown when the message must not be sent again.
        """
        if outgoing.origin not in RESENT_ORIGINS or outgoing.unconfirmed_attempts >= MAX_UNCONFIRMED_ATTEMPTS:
            raise SendUnknownError

    async def _call(self, chat: str, outgoing: OutboundMessage, part: RenderedPart) -> Any:
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
        """Map the library's error to an outcome of the outbox."""
        if isinstance(error, RetryAfter):
            after = error.retry_after
            seconds = float(after.total_seconds() if isinstance(after, timedelta) else after)
            self._rate_limiter.back_off(chat, seconds)
            return SendDeferredError("rate_limited", seconds)
        if isinstance(error, Forbidden):
            return SendRejectedError("blocked", unreachable=UnreachableReason.BLOCKED)
        if isinstance(error, InvalidToken):
            logger.error("Telegram does not know this bot's token; run `assistant doctor`")
            return SendDeferredError("not_set_up")
        if isinstance(error, BadRequest | ChatMigrated):
            if _mentions(error, _NO_SUCH_CHAT):
                return SendRejectedError("unusable", unreachable=UnreachableReason.UNUSABLE)
            return SendRejectedError("too_long" if _mentions(error, ("too long",)) else "refused")
        if isinstance(error, NetworkError):
            cause = error.__cause__
            in_doubt = cause is not None and not isinstance(cause, _NOT_SENT)
            return SendUnconfirmedError() if in_doubt else SendDeferredError("provider_down")
        # Status 200 without JSON: a proxy answered.
        return SendUnconfirmedError()


def keyboard(buttons: Sequence[MessageButton], *, clear: bool = False) -> Keyboard | None:
    """Build Telegram's keyboard. Without buttons, `clear` removes an earlier reply keyboard.

    Only a reply keyboard can ask for the client's number; its other buttons type their label.
    """
    if any(button.kind == REQUEST_CONTACT for button in buttons):
        return ReplyKeyboardMarkup(
            [
                [KeyboardButton(button.title, request_contact=button.kind == REQUEST_CONTACT or None)]
                for button in buttons
            ],
            resize_keyboard=True,
            one_time_keyboard=True,
        )
    if buttons:
        return InlineKeyboardMarkup(
            [
                [InlineKeyboardButton(button.title, callback_data=button.token) for button in row]
                for row in _rows(buttons)
            ]
        )
    return ReplyKeyboardRemove() if clear else None


def _rows(buttons: Sequence[MessageButton]) -> list[list[MessageButton]]:
    rows: list[list[MessageButton]] = []
    room = 0
    for button in buttons:
        width = sum(1 if sign.isascii() else 2 for sign in button.title)
        if rows and width <= room and len(rows[-1]) < MAX_ROW_BUTTONS:
            rows[-1].append(button)
        else:
            rows.append([button])
            room = MAX_ROW_WIDTH
        room -= width
    return rows


def _mentions(error: TelegramError, words: Sequence[str]) -> bool:
    return any(word in error.message.lower() for word in words)
