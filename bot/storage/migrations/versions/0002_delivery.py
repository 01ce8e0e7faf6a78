"""Delivery in detail: parts, doubts, errors, who can be reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("outbound_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("error", sa.String(length=32), nullable=True),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbound_id"], ["outbound.id"], name=op.f("fk_delivery_outbound_id_outbound")
        ),
        sa.PrimaryKeyConstraint("outbound_id", "part", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_provider_id"), ["provider_id"], unique=False)

    with op.batch_alter_table("conversation") as batch_op:
        batch_op.add_column(sa.Column("unreachable", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("unreachable_since", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("quiet_until", sa.Float(), server_default="0", nullable=False))

    with op.batch_alter_table("inbound") as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbound_conversation"))
        batch_op.create_index("ix_inbound_conversation", ["conversation_id", "state", "id"], unique=False)

    with op.batch_alter_table("outbound") as batch_op:
        batch_op.add_column(sa.Column("error", sa.String(length=32), nullable=True))
        batch_op.add_column(
            sa.Column("despite_stop", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("doubts", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("sending_since", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("parts_sent", sa.Integer(), server_default="0", nullable=False))
        batch_op.drop_index(batch_op.f("ix_outbound_conversation"))
        batch_op.create_index("ix_outbound_conversation", ["conversation_id", "state", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outbound") as batch_op:
        batch_op.drop_index("ix_outbound_conversation")
        batch_op.create_index(batch_op.f("ix_outbound_conversation"), ["conversation_id", "id"], unique=False)
        batch_op.drop_column("parts_sent")
        batch_op.drop_column("sending_since")
        batch_op.drop_column("doubts")
        batch_op.drop_column("despite_stop")
        batch_op.drop_column("error")

    with op.batch_alter_table("inbound") as batch_op:
        batch_op.drop_index("ix_inbound_conversation")
        batch_op.create_index(batch_op.f("ix_inbound_conversation"), ["conversation_id", "id"], unique=False)

    with op.batch_alter_table("conversation") as batch_op:
        batch_op.drop_column("quiet_until")
        batch_op.drop_column("unreachable_since")
        batch_op.drop_column("unreachable")

    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_provider_id"))

    op.drop_table("delivery")
