"""Fixtures for every test.

    def test_x(app, client, login):          # a fresh database; `app` is inside an application context
        user = accounts.applicant()          # tests/factories: plain functions that insert rows and return ids
        login(client, "applicant")           # signs in without the login page
        assert client.get("/person/").status_code == 200

`app` keeps an application context open, so services can be called right away; the scope is then DENY, as in a request
of nobody: use `db_session` (or `with system_scope():`) for reading rows back. Requests of `client` run in a context of
their own and see none of it. CSRF checks are off, except with the fixture `csrf`.

A module that needs more than an empty database overrides the fixture `template`:

    @pytest.fixture(scope="session")
    def template(application, store):
        return build_template(application, store, "world", load_the_world, base="empty")
"""

from __future__ import annotations

import contextvars
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

import config
from app.extensions import db
from app.factory import create_app
from app.release import sync_permissions
from app.scope import system_scope
from app.security import PROVED
from app.session_store import AccountSession, _signed
from models.account import Account
from tests.database import Databases, build_template, databases, use_keys


class TestConfig(config.Test):
    """Fast hashing, no CSRF: tests of those turn them on."""

    WTF_CSRF_ENABLED = False
    FAB_PASSWORD_HASH_METHOD = "pbkdf2:sha256:1"


class Client(FlaskClient):
    """Every request in a fresh context, as under a real server: no scope, no actor, no session of the test."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


@pytest.fixture(scope="session")
def worker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zhicheng")


@pytest.fixture(scope="session")
def store(worker_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """The databases of this worker."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if worker != "main" else base
    return databases(shared, worker_folder, worker)


@pytest.fixture(scope="session")
def application(store: Databases, worker_folder: Path) -> Flask:
    """The application of this worker; tests use `app`."""
    made = create_app(
        TestConfig, SQLALCHEMY_DATABASE_URI=store.url, STORAGE_URL=f"file://{worker_folder / 'files'}",
        VAR=worker_folder, QUEUE_URL="", MAIL_URL="",
    )
    made.test_client_class = Client
    build_template(made, store, "empty", lambda: _prepare(made))
    return made


def _prepare(app: Flask) -> None:
    """The schema by the migrations, and the permissions, as the release step writes them."""
    if any((config.ROOT / "migrations").glob("versions/*.py")):
        from flask_migrate import upgrade

        upgrade(directory=str(config.ROOT / "migrations"))
    else:
        db.create_all()
    sync_permissions(app.appbuilder)


@pytest.fixture(scope="session")
def template(application: Flask) -> str:
    """The name of the template each test's database is copied from."""
    return "empty"


@pytest.fixture
def app(application: Flask, store: Databases, template: str) -> Iterator[Flask]:
    """The application over a fresh copy of the template, inside an application context."""
    store.restore(application, template)
    use_keys(application)
    with application.app_context():
        yield application
        db.session.remove()


@pytest.fixture
def db_session(app: Flask) -> Iterator[Session]:
    """The context's session with all rows in sight. Roll back (or expire) before reading what a request changed."""
    with system_scope():
        yield db.session()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def csrf(application: Flask) -> Iterator[None]:
    """Turn the CSRF checks on for one test."""
    application.config["WTF_CSRF_ENABLED"] = True
    yield
    application.config["WTF_CSRF_ENABLED"] = False


Login = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture
def login(app: Flask) -> Login:
    """`login(client, username)`: give the client a session of the account, without the login page."""

    def sign_in(client: FlaskClient, username: str) -> FlaskClient:
        row = db.session.execute(
            select(Account.__table__.c.id, Account.__table__.c.session_stamp).where(
                Account.__table__.c.username == username
            )
        ).one()
        interface = app.session_interface
        session = AccountSession({"_user_id": f"{row.id}:{row.session_stamp}", "_fresh": False, PROVED: int(time.time())})
        session.sid = interface._generate_sid(32)
        interface._insert(session)
        client.set_cookie(app.config["SESSION_COOKIE_NAME"], "s." + _signed(app, session.sid))
        return client

    return sign_in
