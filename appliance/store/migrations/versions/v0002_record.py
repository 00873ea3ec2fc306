"""The index remembers how far the record has come, so that an older record put back shows against it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the record's head to the progress."""
    op.add_column("progress", sa.Column("record_sequence", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("progress", sa.Column("record_hash", sa.String(64), nullable=False, server_default=""))
