"""`flask search …`: the search terms of people, units and accounts."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.scope import system_scope
from app.services.search import rebuild


@click.group()
def search() -> None:
    """The search terms of people, units and accounts."""


@search.command("rebuild")
@with_appcontext
def rebuild_command() -> None:
    """Make the search terms anew, after rows were written in bulk."""
    with system_scope():
        for kind, done in rebuild():
            click.echo(f"{kind}: {done}")
