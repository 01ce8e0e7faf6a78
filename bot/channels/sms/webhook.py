"""Twilio's webhooks: inbound messages, and status reports on outbound ones."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.sms.error_codes import Meaning, meaning
from bot.channels.sms.signature import Form, SignatureVerifier
from bot.clock import Clock
from bot.domain import ChatEvent, InboundKind, OutboundId
from bot.messages import deliveries, reachability
from bot.messages.chat_commands import KEYWORD_COMMANDS, ChatCommand, normalize
from bot.messages.conversations import Address
from bot.messages.dead_letters import DeadLetters
from bot.messages.inbox import Inbox
from bot.messages.parsing import InboundMessage
from bot.messages.signal import Signal
from bot.settings import SmsSettings
from bot.storage import Database, outbound
from bot.storage.transaction import Transaction
from bot.telemetry import delivery_total, ignored_total

logger = logging.getLogger(__name__)

# Twilio confirms these itself and then blocks the number, so a confirmation of ours would fail.
CONFIRMED_BY_TWILIO = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_KEY = re.compile(r"(\d{1,15})\.(\d{1,3})")
_NOT_DELIVERED = Meaning("not_delivered")


class SmsWebhook:
    """`POST /webhooks/sms` and `/webhooks/sms/status`. Both answer 204 at once, and 403 without Twilio's signature."""

    def __init__(
        self,
        settings: SmsSettings,
        inbox: Inbox,
        database: Database,
        clock: Clock,
        changed: Signal,
        dead_letters: DeadLetters,
        telegram: Callable[[], str],
    ) -> None:
        """`telegram` returns the name of the Telegram bot, or "" while it is unknown."""
        self._settings = settings
        self._signature = SignatureVerifier(settings.auth_token)
        self._inbox = inbox
        self._database = database
        self._clock = clock
        self._changed = changed
        self._dead_letters = dead_letters
        self._telegram = telegram

    async def message(self, request: Request) -> Response:
        """Receive an inbound message."""
        form = await self._signature.read(request, self._settings.webhook_url)
        sid, sender = form.get("MessageSid", ""), form.get("From", "")
        if not (_SID.fullmatch(sid) and _NUMBER.fullmatch(sender)):
            # A short code, a name, or another messenger on the same account: it cannot be answered by SMS.
            ignored_total.labels("sms", "sender").inc()
            await self._dead_letters.keep("sms", "sender cannot be answered", dict(form))
            return Response(status_code=204)
        try:
            await self._store(Address("sms", sender), sid, form)
        except OperationalError:
            raise
        except Exception as error:
            logger.exception("an inbound message could not be stored")
            ignored_total.labels("sms", "unreadable").inc()
            await self._dead_letters.keep("sms", f"not stored: {type(error).__name__}", dict(form))
        return Response(status_code=204)

    async def _store(self, address: Address, sid: str, form: Form) -> None:
        pictures = form.get("NumMedia", "0") not in {"", "0"}
        if pictures:
            await self._inbox.accept(
                InboundMessage(address, f"{sid}.media", InboundKind.EVENT, ChatEvent.MEDIA)
            )
        if not pictures or form.get("Body", "").strip():
            await self._inbox.accept(_text(address, sid, form, self._telegram()))

    async def status(self, request: Request) -> Response:
        """Receive a status report on an outbound message."""
        form = await self._signature.read(request, self._settings.status_url)
        sid = form.get("MessageSid") or form.get("SmsSid", "")
        status = (form.get("MessageStatus") or form.get("SmsStatus", "")).lower()
        applied = bool(_SID.fullmatch(sid)) and await self._database.run_first(
            self._apply, sid, request.query_params.get("message", ""), status, form.get("ErrorCode", "")
        )
        known = status if status in deliveries.RANK else "other"
        delivery_total.labels("sms", known, "yes" if applied else "no").inc()
        if applied:
            self._changed.set()
        return Response(status_code=204)

    def _apply(self, tx: Transaction, sid: str, key: str, status: str, code: str) -> bool:
        found = deliveries.find(tx, sid)
        if found is None and (given := _KEY.fullmatch(key)):
            found = OutboundId(int(given[1])), int(given[2])
        if found is None:
            return False
        outbound_id, part = found
        failed = status in {"failed", "undelivered", "canceled"}
        why = meaning(code, _NOT_DELIVERED) if failed else None
        applied = deliveries.report(
            tx,
            outbound_id,
            part,
            provider_id=sid,
            status=status,
            error=why.error if why else None,
        )
        if applied and why and why.unreachable:
            conversation_id = tx.execute(
                select(outbound.c.conversation_id).where(outbound.c.id == outbound_id)
            ).scalar_one()
            reachability.lose(tx, conversation_id, why.unreachable)
        return applied


def _text(address: Address, sid: str, form: Form, telegram: str) -> InboundMessage:
    body = form.get("Body", "")
    found = form.get("OptOutType", "").lower()
    keyword = ChatCommand(found) if found in KEYWORD_COMMANDS else None
    return InboundMessage(
        address,
        sid,
        InboundKind.TEXT,
        body,
        keyword=keyword,
        answered_elsewhere=keyword is not None or normalize(body) in CONFIRMED_BY_TWILIO,
        telegram=telegram,
    )
