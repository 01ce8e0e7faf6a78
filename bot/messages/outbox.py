"""The outbox: what is to be said, stored in the transaction that decided it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from bot.domain import Notice, Origin
from bot.messages.conversations import Conversation
from bot.storage import button, outbound
from bot.storage.transaction import Transaction

# The payload of a choice that asks the client's device for its own number.
REQUEST_CONTACT = "request_contact"


@dataclass(frozen=True)
class Choice:
    """A button before it is sent: its label, and what it means to the dialogue engine."""

    title: str
    payload: str


def add(
    tx: Transaction,
    to: Conversation,
    *,
    origin: str,
    text: str,
    language: str | None = None,
    choices: Sequence[Choice] = (),
    inbound_id: int | None = None,
    seq: int = 0,
    notice: Notice | None = None,
    bypass_opt_out: bool = False,
    agent_id: int | None = None,
) -> int:
    """Store one outgoing message of the epoch that `to` was read in and give back its id.

    It is dropped unsent when the client cannot be reached, unless `bypass_opt_out`.
    """
    if to.address.kind == "sms":
        # A text message cannot ask a phone for its number, and the numbers of the others must be as they are shown.
        choices = [choice for choice in choices if choice.payload != REQUEST_CONTACT]
    tokens = [_shown(choice) for choice in choices]
    result = tx.execute(
        insert(outbound).values(
            conversation_id=to.id,
            inbound_id=inbound_id,
            seq=seq if notice is None else _next_seq(inbound_id),
            notice=notice,
            origin=origin,
            language=language or to.language,
            text=text,
            buttons=tokens,
            epoch=to.epoch,
            bypass_opt_out=bypass_opt_out,
            agent_id=agent_id,
            due_at=tx.now,
            created_at=tx.now,
        )
    )
    outbound_id = int(result.inserted_primary_key[0])
    for position, (choice, token) in enumerate(zip(choices, tokens, strict=True), start=1):
        tx.execute(
            insert(button).values(
                token=token["token"],
                conversation_id=to.id,
                outbound_id=outbound_id,
                position=position,
                title=choice.title,
                payload=choice.payload,
            )
        )
    return outbound_id


def _next_seq(inbound_id: int | None) -> ColumnElement[int]:
    """The next free number among the notices that one inbound message causes."""
    last = select(func.max(outbound.c.seq)).where(
        outbound.c.inbound_id == inbound_id, outbound.c.origin == Origin.SYSTEM
    )
    return func.coalesce(last.scalar_subquery(), -1) + 1


def _shown(choice: Choice) -> dict[str, str]:
    token = {"title": choice.title, "token": secrets.token_urlsafe(12)}
    # The one choice that is more than a token: a channel may let the client's device fill it in.
    return token | {"kind": REQUEST_CONTACT} if choice.payload == REQUEST_CONTACT else token


def carry_over(tx: Transaction, inbound_id: int, epoch: int) -> None:
    """Take what was said to one message along into `epoch`: the turn that changed the owner may finish its sentence."""
    tx.execute(
        update(outbound)
        .where(outbound.c.inbound_id == inbound_id, outbound.c.state == "queued")
        .values(epoch=epoch)
    )


def is_pending(tx: Transaction, conversation_id: int) -> bool:
    """Whether anything is left to send in the conversation."""
    return (
        tx.execute(
            select(outbound.c.id)
            .where(outbound.c.conversation_id == conversation_id, outbound.c.state == "queued")
            .limit(1)
        ).first()
        is not None
    )
