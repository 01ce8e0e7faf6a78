"""The tables of hand-off and desk: who had a conversation when, what agents noted and did, and their accounts."""

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
    String,
    Table,
    Text,
)

from bot.domain import (
    ConversationState,
    Outcome,
    OwnershipEvent,
    Role,
    TicketReason,
    TicketStatus,
    WebhookStatus,
)
from bot.storage.tables import Key, enum_column, metadata
from contracts.enums import HandoffReason, Priority

handoff = Table(
    "handoff",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    # The message that asked; null where an agent stepped in by themselves.
    Column("inbound_id", Key, ForeignKey("inbound.id"), unique=True),
    Column("reason", enum_column(HandoffReason, 64), nullable=False),
    Column("priority", enum_column(Priority, 16), nullable=False),
    # The higher comes first in the queue: urgent is 10, each time in vain adds 1.
    Column("rank", Integer, nullable=False, default=0, server_default="0"),
    Column("language", String(8), nullable=False),
    # The topic that the client was at, and what the assistant knew: see contracts/handoff.py.
    Column("topic", String(64)),
    Column("context", JSON),
    Column("created_at", Float, nullable=False),
    Column("claimed_at", Float),
    Column("answered_at", Float),
    Column("ended_at", Float),
    # The last agent, how it ended, and their summary.
    Column("agent_id", Key),
    Column("outcome", enum_column(Outcome, 32)),
    Column("summary", Text),
    Column("score", Integer),  # the client's, 1 to 5
    Index("ix_handoff_conversation", "conversation_id", "id"),
    Index("ix_handoff_created", "created_at"),
)

handoff_event = Table(
    "handoff_event",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    Column("handoff_id", Key),
    # As it was after the event. One change of owner makes one epoch, so the pair is unique where they differ.
    Column("epoch", BigInteger, nullable=False),
    Column("event", enum_column(OwnershipEvent, 32), nullable=False),
    Column("from_state", enum_column(ConversationState, 16), nullable=False),
    Column("to_state", enum_column(ConversationState, 16), nullable=False),
    Column("actor", String(64), nullable=False),  # client | assistant | timer | agent:ID
    Column("agent_id", Key),  # who owns the conversation after it
    Column("at", Float, nullable=False),
    Index("ix_handoff_event_conversation", "conversation_id", "id"),
)

note = Table(
    "note",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    Column("agent_id", Key),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_note_conversation", "conversation_id", "id"),
)

ticket = Table(
    "ticket",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    Column("handoff_id", Key, ForeignKey("handoff.id"), nullable=False, unique=True),
    Column("reason", enum_column(TicketReason, 32), nullable=False),
    Column("state", enum_column(TicketStatus, 16), nullable=False, default=TicketStatus.OPEN),
    Column("created_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("agent_id", Key),
    Index("ix_ticket_state", "state", "id"),
)

agent = Table(
    "agent",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    # What clients are told.
    Column("shown_as", String(64), nullable=False),
    Column("role", enum_column(Role, 16), nullable=False),
    Column("password_hash", String(200), nullable=False),
    # Sealed under DESK_KEY; the step of the last code that was used, so that no code serves twice.
    Column("totp_sealed", Text, nullable=False),
    Column("totp_step", BigInteger, nullable=False, default=0),
    Column("active", Boolean, nullable=False, default=True),
    Column("language", String(8)),
    Column("seen_at", Float),
    Column("created_at", Float, nullable=False),
)

desk_session = Table(
    "desk_session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("agent_id", Key, ForeignKey("agent.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
)

login_failure = Table(
    "login_failure",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_login_failure_at", "at"),
)

# A form that was sent twice does its work once.
desk_request = Table(
    "desk_request",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("at", Float, nullable=False),
)

# Who has a conversation open just now, and who is writing.
presence = Table(
    "presence",
    metadata,
    Column("conversation_id", Key, ForeignKey("conversation.id"), primary_key=True),
    Column("agent_id", Key, ForeignKey("agent.id"), primary_key=True),
    Column("seen_at", Float, nullable=False),
    Column("writing_at", Float),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Float, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(32), nullable=False),
    Column("conversation_id", Key),
    Column("epoch", BigInteger),
    # Never a message's text: what was done, to what, and by which answer.
    Column("detail", JSON, nullable=False),
    # Each row is sealed together with the one before it; a row has one successor.
    Column("previous", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False, unique=True),
    Index("ix_audit_conversation", "conversation_id", "id"),
)

# A hand-off as another desk knows it, and how far both have told each other.
desk_link = Table(
    "desk_link",
    metadata,
    Column("handoff_id", Key, ForeignKey("handoff.id"), primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("inbound_id", Key, nullable=False, default=0),
    # How many of the client's messages it has been given.
    Column("delivered", Integer, nullable=False, default=0),
    Column("cursor", String(64), nullable=False, default=""),
    Column("epoch", BigInteger, nullable=False, default=-1),
    Column("closed_at", Float),
)

# Events on their way to DESK_WEBHOOK_URL.
webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("event_id", Key, ForeignKey("handoff_event.id"), primary_key=True),
    Column("state", enum_column(WebhookStatus, 16), nullable=False, default=WebhookStatus.QUEUED),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Float, nullable=False),
    Index("ix_webhook_delivery_open", "state", "due_at"),
)
