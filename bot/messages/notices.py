"""The gateway's own notices (topic `notices`): what it says without asking the dialogue engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.engine import Connection

from bot.messages import outbox
from bot.messages.conversations import Conversation
from bot.messages.outbox import Choice
from bot.storage import outbound
from knowledge import Knowledge

# The places of the gateway's own notices among the messages that one inbound message causes.
NOTICES = (
    "secret_removed",
    "too_long",
    "engine_down",
    "old_button",
    "message_failed",
    "empty",
    "stopped",
    "started",
    "help",
    "language",
    "media",
    "foreign_contact",
    "private_only",
    "missed",
    "missed_filtered",
    "no_such_choice",
    "telegram_instead",
)
# The channels that report afterwards whether a message arrived.
REPORTING = ("sms",)
# Where Twilio lists no two-way text messages: an answer may not arrive, and a reply to it may go nowhere.
SEND_ONLY = {"+81": "Japan", "+91": "India"}
# What a client whose last message did not arrive is told when they write again: by the error, and else nothing.
MISSED = {"handset_unreachable": "missed", "not_delivered": "missed", "filtered": "missed_filtered"}


NO_VALUES: Mapping[str, str] = MappingProxyType({})


def add(
    connection: Connection,
    knowledge: Knowledge,
    to: Conversation,
    name: str,
    inbound_id: int,
    now: float,
    *,
    choices: Sequence[Choice] = (),
    despite_stop: bool = False,
    values: Mapping[str, str] = NO_VALUES,
) -> int:
    """Store one of the notices in the client's language; `values` fill its {placeholders}."""
    text = knowledge.text("notices", name, to.language, to.address.kind).format(**values)
    return outbox.add(
        connection,
        to,
        origin="system",
        text=text,
        now=now,
        choices=choices,
        inbound_id=inbound_id,
        seq=NOTICES.index(name),
        despite_stop=despite_stop,
    )


def missed_by(connection: Connection, to: Conversation) -> str | None:
    """The notice for a client whose last message did not arrive; None when it did, or nothing is to be said."""
    if to.address.channel not in REPORTING:
        return None
    last = connection.execute(
        select(outbound.c.state, outbound.c.error)
        .where(outbound.c.conversation_id == to.id, outbound.c.state != "dropped")
        .order_by(outbound.c.id.desc())
        .limit(1)
    ).first()
    return MISSED.get(last.error) if last and last.state == "failed" else None


def was_given(connection: Connection, to: Conversation, name: str) -> bool:
    """Whether the client has been given that notice before, in any state that it may be in."""
    query = select(outbound.c.id).where(
        outbound.c.conversation_id == to.id,
        outbound.c.origin == "system",
        outbound.c.seq == NOTICES.index(name),
        outbound.c.inbound_id.isnot(None),
    )
    return connection.execute(query.limit(1)).first() is not None
