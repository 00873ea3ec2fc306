"""The first tables: messages, receipts, removals under way, progress."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables; `appliance.store.index` says what each column is."""
    op.create_table(
        "messages",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("mailbox", sa.String(64), nullable=False),
        sa.Column("arrived_at", sa.Double, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, unique=True),
        sa.Column("clock_trusted", sa.Boolean, nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("content_bytes", sa.BigInteger, nullable=False),
        sa.Column("sealed_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("recovered", sa.Boolean, nullable=False),
        sa.Column("heard_at", sa.Double),
        sa.Column("heard_trusted", sa.Boolean, nullable=False),
        sa.Column("erase_at", sa.Double),
        sa.Column("warned_at", sa.Double),
        sa.Column("held", sa.Boolean, nullable=False),
    )
    op.create_table(
        "receipts",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("extent", sa.String(16), nullable=False),
        sa.Column("epoch_destroyed", sa.Boolean, nullable=False),
    )
    op.create_table(
        "removals",
        sa.Column("message_id", sa.String(32), sa.ForeignKey("messages.id"), primary_key=True),
        sa.Column("reason", sa.String(200), nullable=False),
    )
    progress = op.create_table(
        "progress",
        sa.Column("one", sa.Integer, primary_key=True),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("changes", sa.BigInteger, nullable=False),
        sa.Column("last_event", sa.Double, nullable=False),
    )
    op.bulk_insert(progress, [{"one": 1, "last_sequence": 0, "changes": 0, "last_event": 0.0}])
