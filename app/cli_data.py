"""`flask refdata load` and `flask demo load`: fill the dictionaries, fill the demo world."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.demo.accounts import account_table
from app.demo.loading import load_demo
from app.refdata import loading
from app.refdata.reading import RefdataError
from app.rules.deadlines import today
from app.scope import system_scope

refdata = AppGroup("refdata", help="Reference data: regions, dictionaries, series, kinds of achievement.")
demo = AppGroup("demo", help="The demo world: invented people and units.")


@refdata.command("load")
def load_refdata() -> None:
    """Insert what is new and update what staff never touched. Running it again changes nothing."""
    try:
        with system_scope():
            report = loading.load()
    except RefdataError as error:
        raise click.ClickException(str(error)) from None
    for word, counts in (("inserted", report.inserted), ("updated", report.updated)):
        if counts:
            click.echo(f"refdata: {word} " + ", ".join(f"{table} {n}" for table, n in counts.items()))
    for row in report.kept:
        click.echo(f"refdata: left as staff made it: {row}")
    if not report.changed:
        click.echo("refdata: everything is up to date")


@demo.command("load")
def load_demo_world() -> None:
    """Load the demo world into an empty installation and print its accounts."""
    if not current_app.config["DEMO"]:
        raise click.ClickException("the demo's passwords are public: set DEMO=1 to load it")
    with system_scope():
        loaded = load_demo(today())
    click.echo("demo: loaded" if loaded else "demo: already loaded, nothing changed")
    click.echo(account_table())
