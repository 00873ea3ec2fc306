"""Notes that people write on messages: a row for each sealed file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Makes the table of notes."""
    op.create_table(
        "notes",
        sa.Column("message_id", sa.String(32), sa.ForeignKey("messages.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("written_by", sa.String(32), nullable=False),
        sa.Column("written_at", sa.Double, nullable=False),
        sa.Column("clock_trusted", sa.Boolean, nullable=False),
        sa.Column("sealed_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
