"""`flask audit …`: the trail, checked and anchored."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from app.audit import anchor, verify
from app.scope import system_scope
from app.transaction import current_session, transaction


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
@with_appcontext
def verify_command() -> None:
    """Check every event and anchor; exit code 1 and a line for each fault found."""
    with system_scope():
        faults = list(verify(current_session()))
    for fault in faults:
        click.echo(f"event {fault.event_id}: {fault.message}" if fault.event_id else fault.message, err=True)
    if faults:
        sys.exit(1)
    click.echo("the audit trail is intact")


@audit.command("anchor")
@with_appcontext
def anchor_command() -> None:
    """Digest every event since the last anchor (the worker does this every day)."""
    with system_scope(), transaction() as session:
        anchor(session)
    click.echo("anchored")
