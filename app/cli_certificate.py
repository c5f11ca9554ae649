"""`flask certificate …`: checking sealed files without the web pages."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.queries.seal import known_certificates
from app.reports.errors import ReportError
from app.reports.platform_key import certificate as platform_certificate
from app.reports.sealing import check_seals
from app.scope import system_scope
from app.transaction import current_session

certificate = AppGroup("certificate", help="Certificates and sealed forms.")


@certificate.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_command(file: Path) -> None:
    """Say of every seal in a PDF whether it holds. Exit code 1 when one does not, or there is none.

    The platform signs for organizations without a seal: that proves the content, not the organization's seal.
    """
    own = platform_certificate(bytes.fromhex(current_app.config["SIGNING_SEED"]))
    with system_scope():
        trusted = [*known_certificates(current_session()), own]
    try:
        found = check_seals(file.read_bytes(), trusted)
    except ReportError as error:
        click.echo(str(error))
        sys.exit(1)
    for status in found:
        said = "valid" if status.valid else "not valid: changed" if not status.intact else "not valid: unknown key"
        who = f"{status.signer} (the platform: {status.field or 'document'} has no seal of the organization)" if status.certificate == own else status.signer
        click.echo(f"{said}  {who}  {status.signed_at:%Y-%m-%d %H:%M}" if status.signed_at else f"{said}  {who}")
    if not found:
        click.echo("no signature at all: this file cannot be checked, look the number up instead")
    elif all(status.valid and status.certificate == own for status in found):
        click.echo("made by this platform and unchanged, but without any organization's seal: it needs a hand stamp")
    if not found or not all(status.valid for status in found):
        sys.exit(1)
