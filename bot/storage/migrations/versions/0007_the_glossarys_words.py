"""Name columns and values by the glossary, and store notices by their name.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# The notices in the order in which earlier versions numbered them.
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
COLUMNS = (
    ("conversation", "expecting", "expected_input"),
    ("conversation", "expecting_until", "expected_input_until"),
    ("conversation", "told_down_at", "outage_notified_at"),
    ("conversation", "quiet_until", "throttled_until"),
    ("conversation", "since", "state_since"),
    ("conversation", "stage", "deadline_index"),
    ("outbound", "despite_stop", "bypass_opt_out"),
    ("outbound", "doubts", "unconfirmed_attempts"),
    ("halt", "since", "halted_at"),
    ("handoff", "packet", "context"),
    ("ticket", "why", "reason"),
)
VALUES = (
    ("conversation", "state", "BOT", "ASSISTANT"),
    ("handoff_event", "from_state", "BOT", "ASSISTANT"),
    ("handoff_event", "to_state", "BOT", "ASSISTANT"),
    ("handoff_event", "actor", "bot", "assistant"),
    ("outbound", "origin", "bot", "assistant"),
)
REASONS = ("asked", "urgent", "not_understood", "task_failed", "compliance", "outage", "taken_over")


def upgrade() -> None:
    # Plain ALTER TABLE, which SQLite knows too: no table is copied, and no reference is cut for a moment.
    for table, before, after in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")
    for table, column, old, new in VALUES:
        op.execute(f"UPDATE {table} SET {column} = '{new}' WHERE {column} = '{old}'")  # noqa: S608 - constants
    _rename_consumers()
    _name_notices()
    _name_urgent_reasons()
    _move_clarifications()


def _rename_consumers() -> None:
    """The new value is longer than the column was, and SQLite cannot widen a column."""
    op.add_column("inbound", sa.Column("read_by", sa.String(16), nullable=False, server_default="assistant"))
    op.execute("UPDATE inbound SET read_by = 'desk' WHERE consumer = 'desk'")
    op.execute("ALTER TABLE inbound DROP COLUMN consumer")
    op.execute("ALTER TABLE inbound RENAME COLUMN read_by TO consumer")


def _move_clarifications() -> None:
    """A new table, so that its rules have the names that a new database gives them."""
    op.create_table(
        "clarification",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("inbound_id", KEY, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.String(64), nullable=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("labelled_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_clarification_conversation_id_conversation"
        ),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name="fk_clarification_inbound_id_inbound"),
        sa.PrimaryKeyConstraint("id", name="pk_clarification"),
        sa.UniqueConstraint("inbound_id", name="uq_clarification_inbound_id"),
    )
    op.execute(
        "INSERT INTO clarification (id, conversation_id, inbound_id, kind, candidates, chosen, language, created_at,"
        " labelled_at) SELECT id, conversation_id, inbound_id, kind, candidates, chosen, language, created_at,"
        " labelled_at FROM unclear"
    )
    op.drop_table("unclear")
    op.create_index("ix_clarification_conversation", "clarification", ["conversation_id", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('clarification', 'id'),"
            " coalesce((SELECT max(id) FROM clarification), 0) + 1, false)"
        )


def _name_notices() -> None:
    op.add_column("outbound", sa.Column("notice", sa.String(32), nullable=True))
    outbound = sa.table(
        "outbound",
        *(sa.column(name) for name in ("origin", "inbound_id", "seq", "notice")),
    )
    for number, name in enumerate(NOTICES):
        op.execute(
            sa.update(outbound)
            .where(outbound.c.origin == "system", outbound.c.inbound_id.isnot(None), outbound.c.seq == number)
            .values(notice=name)
        )
    op.create_index("ix_outbound_notice", "outbound", ["inbound_id", "notice"], unique=True)


def _name_urgent_reasons() -> None:
    """Earlier versions stored the urgent topic that led to a hand-off as its reason."""
    bind = op.get_bind()
    handoff = sa.table(
        "handoff",
        sa.column("id", sa.BigInteger),
        sa.column("reason", sa.String),
        sa.column("topic", sa.String),
        sa.column("context", sa.JSON),
    )
    rows = bind.execute(sa.select(handoff).where(handoff.c.reason.not_in(REASONS))).all()
    for row in rows:
        context = json.loads(row.context) if isinstance(row.context, str) else dict(row.context or {})
        bind.execute(
            sa.update(handoff)
            .where(handoff.c.id == row.id)
            .values(reason="urgent", topic=row.reason, context={**context, "topic": row.reason})
        )
