"""The gateway's own notices (topic `notices`): what it says without asking the dialogue engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import select

from bot.domain import Notice
from bot.messages import outbox
from bot.messages.conversations import Conversation
from bot.messages.outbox import Choice
from bot.storage import outbound
from bot.storage.transaction import Transaction
from knowledge import Knowledge

# The channels that report afterwards whether a message arrived.
REPORTING = ("sms",)
# Where Twilio lists no two-way text messages: an answer may not arrive, and a reply to it may go nowhere.
SEND_ONLY = {"+81": "Japan", "+91": "India"}
# What a client whose last message did not arrive is told when they write again: by the error, and else nothing.
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
    inbound_id: int,
    *,
    choices: Sequence[Choice] = (),
    bypass_opt_out: bool = False,
    values: Mapping[str, str] = NO_VALUES,
) -> int:
    """Store one of the notices in the client's language; `values` fill its {placeholders}."""
    text = knowledge.text("notices", notice.value, to.language, to.address.kind).format(**values)
    return outbox.add(
        tx,
        to,
        origin="system",
        text=text,
        choices=choices,
        inbound_id=inbound_id,
        notice=notice,
        bypass_opt_out=bypass_opt_out,
    )


def missed_by(tx: Transaction, to: Conversation) -> Notice | None:
    """The notice for a client whose last message did not arrive; None when it did, or nothing is to be said."""
    if to.address.channel not in REPORTING:
        return None
    last = tx.execute(
        select(outbound.c.state, outbound.c.error)
        .where(outbound.c.conversation_id == to.id, outbound.c.state != "dropped")
        .order_by(outbound.c.id.desc())
        .limit(1)
    ).first()
    return MISSED.get(last.error) if last and last.state == "failed" else None


def was_given(tx: Transaction, to: Conversation, notice: Notice) -> bool:
    """Whether the client has been given that notice before, in any state that it may be in."""
    query = select(outbound.c.id).where(
        outbound.c.conversation_id == to.id,
        outbound.c.notice == notice,
    )
    return tx.execute(query.limit(1)).first() is not None
