"""`flask tasks …`: upkeep of the inboxes."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.scope import system_scope
from app.services import achievement_counter
from app.transaction import transaction
from app.workflow.counters import recount


@click.group()
def tasks() -> None:
    """The inboxes."""


@tasks.command("recount")
@with_appcontext
def recount_command() -> None:
    """Make the counters of the inboxes anew from the tasks, and those of 业绩档案 from the items."""
    with system_scope(), transaction() as session:
        rows = recount(session) + achievement_counter.recount(session)
    click.echo(f"{rows} counters written")
