"""`flask keys …`: the keys of columns encrypted at rest."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.scope import system_scope
from app.services.key_rotation import columns_of_keys, rotate


@click.group()
def keys() -> None:
    """The keys of columns encrypted at rest."""


@keys.command("rotate")
@click.option("--batch", default=500, show_default=True, type=click.IntRange(1, 10_000), help="Rows a transaction.")
@with_appcontext
def rotate_command(batch: int) -> None:
    """Write every encrypted value and its digest anew under the first key of FIELD_KEYS. Stop and repeat at will."""
    with system_scope():
        for step in rotate(batch=batch):
            click.echo(f"{step.column}: {step.done} rewritten, {step.left} left")
        status(columns_of_keys())


@keys.command("status")
@with_appcontext
def status_command() -> None:
    """How many values are under which key. A key without values may leave FIELD_KEYS."""
    with system_scope():
        status(columns_of_keys())


def status(found: dict[str, dict[str, int]]) -> None:
    """One line a column and key."""
    for column, counts in found.items():
        for key_id, count in sorted(counts.items()):
            click.echo(f"{column}: key {key_id}: {count}")
