"""`flask files …`: care for the store of files."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.scope import system_scope
from app.services.file_reconcile import reconcile

files = AppGroup("files", help="Stored files and the store they are in.")


@files.command("reconcile")
@click.option("--deep", is_flag=True, help="Read every file and compare its SHA-256.")
@click.option("--delete-orphans", is_flag=True, help="Delete objects that no row refers to (older than an hour).")
def reconcile_command(deep: bool, delete_orphans: bool) -> None:
    """Compare the table of files with the store. Exit code 1 when something is wrong."""
    with system_scope():
        found = reconcile(deep=deep, delete_orphans=delete_orphans)
    for file_id, key in found.missing:
        click.echo(f"missing  file {file_id}: no object {key}")
    for file_id, key in found.changed:
        click.echo(f"changed  file {file_id}: object {key} is not what was stored")
    for key in found.orphans:
        click.echo(f"orphan   object {key}{': deleted' if delete_orphans else ''}")
    click.echo(
        f"{found.files} files, {found.objects} objects: {len(found.missing)} missing, {len(found.changed)} changed, "
        f"{len(found.orphans)} orphans ({found.deleted} deleted), {found.swept} unfinished uploads removed"
    )
    if not found.is_clean:
        raise SystemExit(1)
