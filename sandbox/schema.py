"""The tables of the sandbox's database. Times are seconds since 1970 (UTC) by the sandbox's clock."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()
# A database of another version is replaced by a new one: all that is in it was made up.
VERSION = 2

clock_offset = Table("clock", METADATA, Column("offset_seconds", Float, nullable=False))

users = Table(
    "users",
    METADATA,
    Column("username", String(64), primary_key=True),
    Column("account", String(20), nullable=False),
    # Users with the same value have the same identification data.
    Column("identity", String(20), nullable=False),
    Column("primary", Boolean, nullable=False),
    Column("secure_login", String(20), nullable=False),  # enrolled | opted_out
    Column("opt_in", String(10), nullable=False),  # here | portal
    Column("compliance", Boolean, nullable=False),
    # How other users refer to this one: opaque, so that it reveals nothing.
    Column("reference", String(40), nullable=False, unique=True),
)

numbers = Table(
    "numbers",
    METADATA,
    Column("username", String(64), primary_key=True),
    Column("number", String(20), primary_key=True),
    Column("verified", Boolean, nullable=False),
)

devices = Table(
    "devices",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("username", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(10), nullable=False),  # active | inactive
    Column("shared_by", String(64)),
)

link_tokens = Table(
    "link_tokens",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("username", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("used_at", Float),
)

links = Table(
    "links",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("client", String(200), nullable=False),
    Column("username", String(64), nullable=False),
    Column("state", String(10), nullable=False),  # ChatLinkStatus
    Column("ends_at", Float, nullable=False),
    Index("links_by_client", "client", "sequence"),
)

# A code that was sent for a number, a link or an opt-in. A chat that is not linked has no username.
challenges = Table(
    "challenges",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("purpose", String(20), nullable=False),  # CodePurpose
    Column("client", String(200), nullable=False),
    Column("username", String(64)),
    Column("number", String(20), nullable=False),
    Column("code_digest", String(64), nullable=False),
    # No code was sent and every check fails, so that the answers do not reveal whether a number is on record.
    Column("decoy", Boolean, nullable=False, default=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("sends", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("sent_at", Float, nullable=False),
    Column("done_at", Float),
    Column("receipt", String(20)),
    Index("challenges_by_client", "client", "created_at"),
)

sharing_requests = Table(
    "sharing_requests",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("client", String(200), nullable=False),
    Column("username", String(64), nullable=False),
    Column("partner", String(64), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("device", String(20), nullable=False),
    Column("state", String(20), nullable=False),  # SharingStatus
    Column("reason", String(30)),
    Column("receipt", String(20)),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

sms = Table(
    "sms",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("challenge", String(40)),
    Column("purpose", String(20), nullable=False),
    Column("username", String(64)),
    Column("client", String(200), nullable=False),
    Column("number", String(20), nullable=False),
    # Encrypted, and erased as soon as the message is delivered or given up.
    Column("sealed_text", LargeBinary),
    Column("state", String(12), nullable=False),  # QueueStatus
    Column("reason", String(20)),
    Column("tries", Integer, nullable=False, default=0),
    Column("created_at", Float, nullable=False),
    Column("next_try_at", Float, nullable=False),
    Index("sms_by_number", "number", "created_at"),
    Index("sms_by_age", "created_at"),
    Index("sms_by_state", "state", "sequence"),
)

notices = Table(
    "notices",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("client", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(10), nullable=False),  # QueueStatus
    Column("tries", Integer, nullable=False, default=0),
    Column("created_at", Float, nullable=False),
    Column("next_try_at", Float, nullable=False),
)

# The results of writes, by Idempotency-Key.
answers = Table(
    "answers",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("idempotency_key", String(200), nullable=False, unique=True),
    Column("request_digest", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("answered_at", Float, nullable=False),
)
