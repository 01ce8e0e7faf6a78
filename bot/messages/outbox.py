"""The outbox: replies and notices, stored in the transaction that decided them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct
from sqlalchemy import func, insert, select
from sqlalchemy.sql.elements import ColumnElement

from bot.domain import AgentId, ConversationId, InboundId, Notice, Origin, OutboundStatus
from bot.messages.conversations import Conversation
from bot.storage import button, outbound
from bot.storage.transaction import Transaction
from contracts.codec import to_builtins
from contracts.enums import ChannelKind
from contracts.payloads import REQUEST_CONTACT


class MessageButton(Struct, frozen=True, omit_defaults=True):
    """A button as it is stored with its message. `token` is opaque: it says nothing and cannot be guessed."""

    title: str
    token: str
    kind: str | None = None
    """REQUEST_CONTACT for the one button that the client's device answers."""


@dataclass(frozen=True)
class Choice:
    """A choice before it is sent: its label, and its payload."""

    title: str
    payload: str


def add(
    tx: Transaction,
    to: Conversation,
    *,
    origin: Origin,
    text: str,
    language: str | None = None,
    choices: Sequence[Choice] = (),
    inbound_id: InboundId | None = None,
    seq: int = 0,
    notice: Notice | None = None,
    bypass_opt_out: bool = False,
    agent_id: AgentId | None = None,
) -> int:
    """Store one message in the epoch of `to`, and return its id.

    It is dropped unsent when the client is unreachable, unless `bypass_opt_out`.
    """
    if to.address.kind == ChannelKind.SMS:
        # A text message cannot ask a phone for its number, and the other choices are numbered as they are shown.
        choices = [choice for choice in choices if choice.payload != REQUEST_CONTACT]
    buttons = [_button(choice) for choice in choices]
    outbound_id = tx.insert(
        insert(outbound).values(
            conversation_id=to.id,
            inbound_id=inbound_id,
            seq=seq if notice is None else _next_seq(inbound_id),
            notice=notice,
            origin=origin,
            language=language or to.language,
            text=text,
            buttons=[to_builtins(button) for button in buttons],
            epoch=to.epoch,
            bypass_opt_out=bypass_opt_out,
            agent_id=agent_id,
            due_at=tx.now,
            created_at=tx.now,
        )
    )
    for position, (choice, shown) in enumerate(zip(choices, buttons, strict=True), start=1):
        tx.execute(
            insert(button).values(
                token=shown.token,
                conversation_id=to.id,
                outbound_id=outbound_id,
                position=position,
                title=choice.title,
                payload=choice.payload,
            )
        )
    return outbound_id


def _next_seq(inbound_id: InboundId | None) -> ColumnElement[int]:
    """Return the next free number among the notices that one inbound message causes."""
    last = select(func.max(outbound.c.seq)).where(
        outbound.c.inbound_id == inbound_id, outbound.c.origin == Origin.SYSTEM
    )
    return func.coalesce(last.scalar_subquery(), -1) + 1


def _button(choice: Choice) -> MessageButton:
    kind = REQUEST_CONTACT if choice.payload == REQUEST_CONTACT else None
    return MessageButton(choice.title, secrets.token_urlsafe(12), kind)


def is_pending(tx: Transaction, conversation_id: ConversationId) -> bool:
    """Return whether anything is left to send in the conversation."""
    return (
        tx.execute(
            select(outbound.c.id)
            .where(outbound.c.conversation_id == conversation_id, outbound.c.state == OutboundStatus.QUEUED)
            .limit(1)
        ).first()
        is not None
    )
