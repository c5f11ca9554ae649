"""Signing in by the login page without a browser, and the rows behind it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from app.extensions import db
from models.account import Account
from models.audit import AuditEvent
from models.web_session import WebSession
from tests.factories.person import PASSWORD

ACCOUNT, SESSION, EVENT = Account.__table__, WebSession.__table__, AuditEvent.__table__


def sign_in(client: FlaskClient, username: str = "someone", password: str = PASSWORD) -> Any:
    return client.post("/login/", data={"username": username, "password": password})


def signed_in(client: FlaskClient) -> bool:
    return client.get("/account/password/").status_code == 200


def set_account(account_id: int, **values: Any) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(**values))


def get_account(account_id: int) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(sa.select(ACCOUNT).where(ACCOUNT.c.id == account_id)).one()


def sessions() -> list[str]:
    """The random ids of the sessions there are."""
    with db.engine.connect() as connection:
        return list(connection.execute(sa.select(SESSION.c.session_id)).scalars())


def events() -> list[str]:
    """What the trail says, in order."""
    with db.engine.connect() as connection:
        return list(connection.execute(sa.select(EVENT.c.event).order_by(EVENT.c.id)).scalars())
