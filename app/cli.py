"""The command line: `flask release`, and the groups of the parts that bring their own."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
from flask import Flask, current_app
from flask_migrate import upgrade

# Group name -> where it lives; imported when asked for, so that `flask --help` stays quick.
GROUPS = {
    "jobs": "app.cli_jobs:jobs",
    "refdata": "app.cli_data:refdata",
    "demo": "app.cli_data:demo",
    "audit": "app.cli_audit:audit",
    "files": "app.cli_files:files",
    "tasks": "app.cli_tasks:tasks",
    "search": "app.cli_search:search",
    "keys": "app.cli_keys:keys",
    "certificate": "app.cli_certificate:certificate",
}


class _LazyGroup(click.Group):
    """A group that is imported on first use; the help line is all that is known before."""

    def __init__(self, name: str, target: str, help_text: str) -> None:
        super().__init__(name, help=help_text)
        self._target = target

    def _load(self) -> click.Group:
        module, _, attribute = self._target.partition(":")
        group: Any = getattr(import_module(module), attribute)
        if not isinstance(group, click.Group):
            raise click.ClickException(f"{self._target} is no command group")
        return group

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._load().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._load().get_command(ctx, cmd_name)


HELP = {
    "jobs": "Background work.",
    "refdata": "Reference data of the dictionaries.",
    "demo": "The demo world.",
    "audit": "The audit trail.",
    "files": "Stored files.",
    "tasks": "The inboxes.",
    "search": "The search terms of people and units.",
    "keys": "The keys of columns encrypted at rest.",
    "certificate": "Certificates and sealed forms.",
}


def register(app: Flask) -> None:
    """Add every command to `flask`."""
    app.cli.add_command(release)
    for name, target in GROUPS.items():
        app.cli.add_command(_LazyGroup(name, target, HELP[name]))


@click.command()
def release() -> None:
    """Prepare the database for this version: migrations, permissions, roles. Safe to repeat; run it before workers."""
    from flask.cli import with_appcontext

    with_appcontext(run_release)()


def run_release() -> None:
    """The release step, inside an application context."""
    from app.release import sync_permissions
    from app.scope import system_scope
    from app.services.search import rebuild, unindexed

    upgrade(directory=str(current_app.config["ROOT"] / "migrations"))
    with system_scope():
        for kind, done in rebuild(unindexed()):  # the version that brought their search terms
            click.echo(f"search terms: {kind} {done}")
    plan = sync_permissions(current_app.appbuilder)  # type: ignore[attr-defined]
    click.echo(f"permissions: {len(plan.pairs)}, roles: {len(plan.grants)}")
