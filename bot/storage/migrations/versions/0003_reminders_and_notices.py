"""Reminders, and which notices of the auth backend have been told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "reminder",
        sa.Column("conversation_id", key, autoincrement=False, nullable=False),
        sa.Column("inbound_id", key, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=64), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_reminder_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk_reminder_inbound_id_inbound")),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_reminder")),
    )
    op.create_index("ix_reminder_due_at", "reminder", ["due_at"], unique=False)
    op.create_table(
        "backend_notice",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backend_notice")),
    )


def downgrade() -> None:
    op.drop_table("backend_notice")
    op.drop_table("reminder")
