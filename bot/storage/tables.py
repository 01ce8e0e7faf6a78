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
)

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
    Column("state", String(16), nullable=False, default="BOT"),
    Column("epoch", BigInteger, nullable=False, default=0),
    # What the next message is expected to hold ("code", "phone_number"), and until when.
    Column("expecting", String(16)),
    Column("expecting_until", Float),
    # Set while the client knows that the assistant cannot answer just now, so that it is said once.
    Column("told_down_at", Float),
    # The agent who owns the conversation, and the hand-off that it is in.
    Column("agent_id", Key),
    Column("handoff_id", Key),
    # For whom it waits ("agent" or "client", null where that is plain), and since when.
    Column("awaiting", String(8)),
    Column("since", Float),
    # How many of the state's deadlines have been carried out, and when the next one is due.
    Column("stage", Integer, nullable=False, default=0, server_default="0"),
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
    Column("kind", String(16), nullable=False),  # text | button | code
    # Redacted text, a button's token or a vault reference.
    Column("content", Text, nullable=False),
    Column("redacted", Boolean, nullable=False, default=False),
    Column("state", String(16), nullable=False, default="queued"),  # queued | done | dead
    # Who it is for, decided once: what a person is to read is never run through the bot.
    Column("consumer", String(8), nullable=False, default="bot", server_default="bot"),  # bot | desk
    # What the bot took it for.
    Column("topic", String(64)),
    Column("attempts", Integer, nullable=False, default=0),
    # Not to be taken up before. Whoever takes a row moves this on: a lease that ends by itself.
    Column("due_at", Float, nullable=False),
    Column("received_at", Float, nullable=False),
    Index("ix_inbound_open", "state", "due_at"),
    Index("ix_inbound_conversation", "conversation_id", "id"),
)

outbound = Table(
    "outbound",
    metadata,
    Column("id", Key, primary_key=True),
    Column("conversation_id", Key, ForeignKey("conversation.id"), nullable=False),
    # Which message this answers and its place among the answers: the same answer is never stored twice.
    Column("inbound_id", Key, ForeignKey("inbound.id")),
    Column("seq", Integer, nullable=False, default=0),
    Column("origin", String(16), nullable=False),  # bot | agent | backend | system
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("buttons", JSON, nullable=False),  # [{"title", "token"}]
    Column("epoch", BigInteger, nullable=False),
    # The agent who wrote it, where the origin is agent.
    Column("agent_id", Key),
    Column("state", String(16), nullable=False, default="queued"),  # queued | sent | failed | dropped
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Float, nullable=False),
    Column("provider_id", String(64)),
    Column("created_at", Float, nullable=False),
    Column("sent_at", Float),
    UniqueConstraint("inbound_id", "seq", "origin"),
    Index("ix_outbound_open", "state", "due_at"),
    Index("ix_outbound_conversation", "conversation_id", "id"),
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
