"""The gateway's tables, as SQLAlchemy Core has them. Times are UTC seconds since 1970.

Core rather than mapped classes: it reads the same on SQLAlchemy 1.4 (beside Rasa) and 2, and every statement
that decides who owns a row is written out where it is used.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy import Enum as EnumType

from bot.domain import (
    Awaiting,
    Consumer,
    ConversationState,
    InboundKind,
    InboundStatus,
    Notice,
    Origin,
    OutboundStatus,
    UnreachableReason,
)
from contracts.enums import ClarificationKind, ExpectedInput, StrEnum

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite assigns ids only where the type is exactly INTEGER.
Key = BigInteger().with_variant(Integer(), "sqlite")


def enum_column(members: type[StrEnum], length: int) -> EnumType:
    """Return the type of a text column that stores the values of an enum; rows have the members."""
    return EnumType(
        members,
        native_enum=False,
        create_constraint=False,
        length=length,
        values_callable=lambda cls: [member.value for member in cls],
    )


conversation = Table(
    "conversation",
    metadata,
    Column("id", Key, primary_key=True),
    # Random, so that it never occurs in another database: the name by which other services know the conversation.
    Column("name", String(32), nullable=False, unique=True),
    Column("channel", String(32), nullable=False),
    Column("peer", String(128), nullable=False),
    Column("language", String(8), nullable=False),
    # The owner, and the number of transitions: the assistant's messages of an older epoch are not sent.
    Column("state", enum_column(ConversationState, 16), nullable=False, default=ConversationState.ASSISTANT),
    Column("epoch", BigInteger, nullable=False, default=0),
    # What the next message is expected to hold, and until when.
    Column("expected_input", enum_column(ExpectedInput, 16)),
    Column("expected_input_until", Float),
    # Set when the client was told of an outage of the engine, so that they are told once.
    Column("outage_notified_at", Float),
    # Why nothing may be sent, and since when. Null: the client is reachable.
    Column("unreachable", enum_column(UnreachableReason, 16)),
    Column("unreachable_since", Float),
    # Nothing is sent before: the channel's pace, or a pause that the platform asked for.
    Column("throttled_until", Float, nullable=False, default=0, server_default="0"),
    # The agent who owns the conversation, and its open hand-off.
    Column("agent_id", Key),
    Column("handoff_id", Key),
    # For whom it waits (null where the state says it), and since when.
    Column("awaiting", enum_column(Awaiting, 8)),
    Column("state_since", Float),
    # How many of the state's deadlines have passed, and when the next one is due.
    Column("deadline_index", Integer, nullable=False, default=0, server_default="0"),
    Column("deadline_at", Float),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("channel", "peer"),
    Index("ix_conversation_deadline", "deadline_at"),
    Index("ix_conversation_state", "state"),
)

inbound = Table(
    "inbound",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    # `<channel>:<peer>:<the channel's own id>`: identifies a repeated delivery.
    Column("external_id", String(200), nullable=False, unique=True),
    Column("kind", enum_column(InboundKind, 16), nullable=False),
    # Redacted text, a button's token, a vault reference, or the name of a command or an event.
    Column("content", Text, nullable=False),
    Column("redacted", Boolean, nullable=False, default=False),
    Column("state", enum_column(InboundStatus, 16), nullable=False, default=InboundStatus.QUEUED),
    # Decided once: what people read never reaches the dialogue engine.
    Column("consumer", enum_column(Consumer, 16), nullable=False, default=Consumer.ASSISTANT),
    # The topic that the assistant recognised.
    Column("topic", String(64)),
    Column("attempts", Integer, nullable=False, default=0),
    # Not claimed before. A claim moves it to the end of the lease.
    Column("due_at", Float, nullable=False),
    Column("received_at", Float, nullable=False),
    Index("ix_inbound_open", "state", "due_at"),
    Index("ix_inbound_conversation", "conversation_id", "state", "id"),
)

outbound = Table(
    "outbound",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    # The message that it answers, and its position among the replies: no reply is stored twice.
    Column("inbound_id", Key, ForeignKey("inbound.id")),
    Column("seq", Integer, nullable=False, default=0),
    Column("origin", enum_column(Origin, 16), nullable=False),
    # The gateway's own notice that it is: stored once per inbound message.
    Column("notice", enum_column(Notice, 32)),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("buttons", JSON, nullable=False),  # [{"title", "token"}]
    Column("epoch", BigInteger, nullable=False),
    Column("state", enum_column(OutboundStatus, 16), nullable=False, default=OutboundStatus.QUEUED),
    # Why it failed or was dropped, in one word: the texts `agent_...` of the topic `delivery` explain it.
    Column("error", String(32)),
    # Sent in spite of an opt-out: its confirmation, and the help that the law requires.
    Column("bypass_opt_out", Boolean, nullable=False, default=False, server_default=false()),
    # The agent who wrote it, where the origin is agent.
    Column("agent_id", Key),
    Column("attempts", Integer, nullable=False, default=0),
    # Attempts of the next part after which nobody knows whether the channel accepted it.
    Column("unconfirmed_attempts", Integer, nullable=False, default=0, server_default="0"),
    # Set during an attempt. Still set at the next claim: that attempt was interrupted.
    Column("sending_since", Float),
    # A long text is sent in parts, one after the other.
    Column("parts_sent", Integer, nullable=False, default=0, server_default="0"),
    Column("due_at", Float, nullable=False),
    Column("provider_id", String(64)),
    Column("created_at", Float, nullable=False),
    Column("sent_at", Float),
    UniqueConstraint("inbound_id", "seq", "origin"),
    Index("ix_outbound_notice", "inbound_id", "notice", unique=True),
    Index("ix_outbound_open", "state", "due_at"),
    Index("ix_outbound_conversation", "conversation_id", "state", "id"),
)

delivery = Table(
    "delivery",
    metadata,
    # One part of an outbound message as the provider knows it.
    Column("outbound_id", Key, ForeignKey("outbound.id"), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("provider_id", String(64), index=True),
    Column("segments", Integer, nullable=False, default=1),
    # The provider's own name of the status.
    Column("status", String(32), nullable=False),
    Column("error", String(32)),
    Column("updated_at", Float, nullable=False),
)

button = Table(
    "button",
    metadata,
    # Opaque and random: a tap reveals nothing and cannot be forged.
    Column("token", String(64), primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    Column("outbound_id", Key, ForeignKey("outbound.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("used_at", Float),
    Index("ix_button_conversation", "conversation_id", "outbound_id"),
)

vault = Table(
    "vault",
    metadata,
    Column("reference", String(64), primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("expires_at", Float, nullable=False),
)

# Texts to be said later unless the client writes before; at most one per conversation.
reminder = Table(
    "reminder",
    metadata,
    Column("conversation_id", Key, ForeignKey("conversation.id"), primary_key=True, autoincrement=False),
    # The message whose answer asked for it: any later message cancels it.
    Column("inbound_id", Key, ForeignKey("inbound.id"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    # Names of texts in data/, rendered in the language of the conversation at that time.
    Column("topic", String(64), nullable=False),
    Column("text", String(64), nullable=False),
    Column("choices", JSON, nullable=False),  # [{"text", "payload"}]
    Column("due_at", Float, nullable=False),
    Index("ix_reminder_due_at", "due_at"),
)

# The ids of the auth backend's notices, so that a repeated one changes nothing.
backend_notice = Table(
    "backend_notice",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("received_at", Float, nullable=False),
)

clarification = Table(
    "clarification",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    # The redacted message itself is in the inbox; this row is deleted with it.
    Column("inbound_id", Key, ForeignKey("inbound.id"), nullable=False, unique=True),
    Column("kind", enum_column(ClarificationKind, 16), nullable=False),
    # The topics that it may mean, the likeliest first.
    Column("candidates", JSON, nullable=False),
    # The client's choice; out_of_scope for none of them.
    Column("chosen", String(64)),
    Column("language", String(8), nullable=False),
    Column("created_at", Float, nullable=False),
    # Set when a person has labelled it.
    Column("labelled_at", Float),
    Index("ix_clarification_conversation", "conversation_id", "id"),
)

# The operator's switch: nothing is sent on the channels listed here, and their messages wait.
halt = Table(
    "halt",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("halted_at", Float, nullable=False),
)

# Updates that could not be parsed or stored, without secrets: the newest of each channel.
dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(32), nullable=False),
    # Of the whole update: a repeated delivery is not kept twice.
    Column("digest", String(64), nullable=False, unique=True),
    Column("reason", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", Float, nullable=False),
    Index("ix_dead_letter_channel", "channel", "id"),
)
