"""The gateway's own notices (topic `notices`), said without the dialogue engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import select

from bot.domain import InboundId, Notice, Origin, OutboundStatus
from bot.messages import outbox
from bot.messages.conversations import Conversation
from bot.messages.outbox import Choice
from bot.storage import outbound
from bot.storage.transaction import Transaction
from knowledge import Knowledge

# The channels that report afterwards whether a message arrived.
REPORTING = ("sms",)
# Countries without two-way text messages at Twilio: neither an answer nor a reply to it is sure to arrive.
SEND_ONLY = {"+81": "Japan", "+91": "India"}
# What a client is told when they write again after a message that did not arrive, by its error.
MISSED = {
    "handset_unreachable": Notice.MISSED,
    "not_delivered": Notice.MISSED,
    "filtered": Notice.MISSED_FILTERED,
}

NO_VALUES: Mapping[str, str] = MappingProxyType({})


def add(
    tx: Transaction,
    knowledge: Knowledge,
    to: Conversation,
    notice: Notice,
    inbound_id: InboundId,
    *,
    choices: Sequence[Choice] = (),
    bypass_opt_out: bool = False,
    values: Mapping[str, str] = NO_VALUES,
) -> int:
    """Store a notice in the client's language, and return its id; `values` fill its {placeholders}."""
    text = knowledge.text("notices", notice.value, to.language, to.address.kind).format(**values)
    return outbox.add(
        tx,
        to,
        origin=Origin.SYSTEM,
        text=text,
        choices=choices,
        inbound_id=inbound_id,
        notice=notice,
        bypass_opt_out=bypass_opt_out,
    )


def missed_by(tx: Transaction, to: Conversation) -> Notice | None:
    """Return the notice for a client whose last message did not arrive; None when there is nothing to tell."""
    if to.address.channel not in REPORTING:
        return None
    last = tx.execute(
        select(outbound.c.state, outbound.c.error)
        .where(outbound.c.conversation_id == to.id, outbound.c.state != OutboundStatus.DROPPED)
        .order_by(outbound.c.id.desc())
        .limit(1)
    ).first()
    return MISSED.get(last.error) if last and last.state is OutboundStatus.FAILED else None


def was_given(tx: Transaction, to: Conversation, notice: Notice) -> bool:
    """Return whether that notice was stored for the client before, delivered or not."""
    query = select(outbound.c.id).where(
        outbound.c.conversation_id == to.id,
        outbound.c.notice == notice,
    )
    return tx.execute(query.limit(1)).first() is not None
