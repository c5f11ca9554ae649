"""Alembic's environment: the running application's engine and the one metadata, FAB's tables included."""

from __future__ import annotations

from alembic import context
from flask import current_app

import models  # noqa: F401  registers every table
from models.base import metadata

engine = current_app.extensions["migrate"].db.engine


def _compare_type(context, inspected_column, metadata_column, inspected_type, metadata_type):
    """SQLite reads BIGINT keys back as INTEGER and JSONB as JSON; everything else is compared."""
    return None if context.dialect.name != "sqlite" else False


def run() -> None:
    """Migrate the connected database."""
    with engine.connect() as connection:
        context.configure(**{
            **current_app.extensions["migrate"].configure_args,
            "connection": connection,
            "target_metadata": metadata,
            "render_as_batch": False,
            "compare_type": _compare_type,
            "transaction_per_migration": True,
        })
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("offline migrations are not supported: run them against a database")
run()
