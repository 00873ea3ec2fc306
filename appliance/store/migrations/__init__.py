"""How the index became what it is: Alembic's steps, run by `appliance.store.index` when the daemon starts."""
