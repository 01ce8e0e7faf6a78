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

# SQLite counts up by itself only where the type is exactly INTEGER.
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
    # Random, and so never that of a conversation in a database that was lost: what others know it by.
    Column("name", String(32), nullable=False, unique=True),
    Column("channel", String(32), nullable=False),
    Column("peer", String(128), nullable=False),
    Column("language", String(8), nullable=False),
    # Who answers, and how often that has changed: an outgoing row of an older epoch is not sent.
    Column("state", enum_column(ConversationState, 16), nullable=False, default=ConversationState.ASSISTANT),
    Column("epoch", BigInteger, nullable=False, default=0),
    # What the next message is expected to hold, and until when.
    Column("expected_input", enum_column(ExpectedInput, 16)),
    Column("expected_input_until", Float),
    # Set while the client knows that the assistant cannot answer just now, so that it is said once.
    Column("outage_notified_at", Float),
    # Why nothing may be sent: stopped (the client said so), blocked (the bot was), unusable (the number or chat
    # takes nothing); and since when. Null: the client can be reached.
    Column("unreachable", enum_column(UnreachableReason, 16)),
    Column("unreachable_since", Float),
    # Nothing is sent before: the channel's pace, or what the platform has asked for.
    Column("throttled_until", Float, nullable=False, default=0, server_default="0"),
    # The agent who owns the conversation, and the hand-off that it is in.
    Column("agent_id", Key),
    Column("handoff_id", Key),
    # For whom it waits ("agent" or "client", null where that is plain), and since when.
    Column("awaiting", enum_column(Awaiting, 8)),
    Column("state_since", Float),
    # How many of the state's deadlines have been carried out, and when the next one is due.
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
    # The channel's own id of the message, after the channel's name: what a repeated delivery is known by.
    Column("external_id", String(200), nullable=False, unique=True),
    Column("kind", enum_column(InboundKind, 16), nullable=False),
    # Redacted text, a button's token, a vault reference, or the name of a command or an event.
    Column("content", Text, nullable=False),
    Column("redacted", Boolean, nullable=False, default=False),
    Column("state", enum_column(InboundStatus, 16), nullable=False, default=InboundStatus.QUEUED),
    # Who it is for, decided once: what a person is to read is never run through the bot.
    Column("consumer", enum_column(Consumer, 16), nullable=False, default=Consumer.ASSISTANT),
    # What the bot took it for.
    Column("topic", String(64)),
    Column("attempts", Integer, nullable=False, default=0),
    # Not to be taken up before. Whoever takes a row moves this on: a lease that ends by itself.
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
    # Which message this answers and its place among the answers: the same answer is never stored twice.
    Column("inbound_id", Key, ForeignKey("inbound.id")),
    Column("seq", Integer, nullable=False, default=0),
    Column("origin", enum_column(Origin, 16), nullable=False),
    # Which of the gateway's own notices it is: given once for each inbound message.
    Column("notice", enum_column(Notice, 32)),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("buttons", JSON, nullable=False),  # [{"title", "token"}]
    Column("epoch", BigInteger, nullable=False),
    Column("state", enum_column(OutboundStatus, 16), nullable=False, default=OutboundStatus.QUEUED),
    # Why it failed or was dropped, in one word: the texts `agent_...` of the topic `delivery` explain it.
    Column("error", String(32)),
    # Sent although the client has stopped messages: the confirmation of just that, and the help by law.
    Column("bypass_opt_out", Boolean, nullable=False, default=False, server_default=false()),
    # The agent who wrote it, where the origin is agent.
    Column("agent_id", Key),
    Column("attempts", Integer, nullable=False, default=0),
    # How many tries of the next part ended without anybody knowing whether it was taken.
    Column("unconfirmed_attempts", Integer, nullable=False, default=0, server_default="0"),
    # Set while a try is under way. Still set when the row is taken up anew: that try was cut off.
    Column("sending_since", Float),
    # A long text leaves in several parts, one after the other.
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
    # One part of an outgoing message as the provider knows it.
    Column("outbound_id", Key, ForeignKey("outbound.id"), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("provider_id", String(64), index=True),
    Column("segments", Integer, nullable=False, default=1),
    # The provider's own word for how far it has come.
    Column("status", String(32), nullable=False),
    Column("error", String(32)),
    Column("updated_at", Float, nullable=False),
)

button = Table(
    "button",
    metadata,
    # Opaque and random: what a client's tap carries says nothing and cannot be guessed.
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

# What is to be said later unless the client writes before; one at most for each conversation.
reminder = Table(
    "reminder",
    metadata,
    Column("conversation_id", Key, ForeignKey("conversation.id"), primary_key=True, autoincrement=False),
    # The message whose answer asked for it: any later one makes it pointless.
    Column("inbound_id", Key, ForeignKey("inbound.id"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    # Names of texts in data/, so that it is said in the language that is spoken then.
    Column("topic", String(64), nullable=False),
    Column("text", String(64), nullable=False),
    Column("choices", JSON, nullable=False),  # [{"text", "payload"}]
    Column("due_at", Float, nullable=False),
    Index("ix_reminder_due_at", "due_at"),
)

# What the auth backend has told, by its own id: told again, it changes nothing.
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
    # The message itself, redacted, stays in the inbox; where that is deleted this goes with it.
    Column("inbound_id", Key, ForeignKey("inbound.id"), nullable=False, unique=True),
    Column("kind", enum_column(ClarificationKind, 16), nullable=False),
    # The topics that it may have meant, the likeliest first.
    Column("candidates", JSON, nullable=False),
    # What the client chose of them; out_of_scope for none of them.
    Column("chosen", String(64)),
    Column("language", String(8), nullable=False),
    Column("created_at", Float, nullable=False),
    # Set when a person has said what it is about.
    Column("labelled_at", Float),
    Index("ix_clarification_conversation", "conversation_id", "id"),
)

# The operator's switch: as long as a channel is here, nothing is sent on it, and what is to be said waits.
halt = Table(
    "halt",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("halted_at", Float, nullable=False),
)

# What a platform has sent and nobody could read, without its secrets: the newest of each channel.
dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(32), nullable=False),
    # Of the whole: delivered again it is not kept again.
    Column("digest", String(64), nullable=False, unique=True),
    Column("reason", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", Float, nullable=False),
    Index("ix_dead_letter_channel", "channel", "id"),
)
