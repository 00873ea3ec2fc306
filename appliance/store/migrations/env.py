"""What Alembic runs: the steps, on the connection it was given. Never used from a command line."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
