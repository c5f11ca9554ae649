"""`flask certificate …`: checking sealed files without the web pages."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from app.queries.seal import known_certificates
from app.reports.errors import ReportError
from app.reports.sealing import check_seals
from app.scope import system_scope
from app.transaction import current_session

certificate = AppGroup("certificate", help="Certificates and sealed forms.")


@certificate.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_command(file: Path) -> None:
    """Say of every seal in a PDF whether it holds. Exit code 1 when one does not, or there is none."""
    with system_scope():
        trusted = known_certificates(current_session())
    try:
        found = check_seals(file.read_bytes(), trusted)
    except ReportError as error:
        click.echo(str(error))
        sys.exit(1)
    for status in found:
        said = "valid" if status.valid else "not valid: changed" if not status.intact else "not valid: unknown key"
        click.echo(f"{said}  {status.signer}  {status.signed_at:%Y-%m-%d %H:%M}" if status.signed_at else f"{said}  {status.signer}")
    if not found:
        click.echo("no seal")
    if not found or not all(status.valid for status in found):
        sys.exit(1)
