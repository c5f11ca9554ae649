"""Looking behind the staff's generated screens: rows, the trail, and how many statements a page costs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import Engine

import models as m
from app.extensions import db


def row_of(model: Any, pk: int) -> Any:
    """One row, past the row scope."""
    table = model.__table__
    with db.engine.connect() as connection:
        return connection.execute(table.select().where(table.c.id == pk)).one()


def events_of(subject_type: str) -> list[str]:
    """What the trail says about subjects of a type, in order."""
    event = m.AuditEvent.__table__
    with db.engine.connect() as connection:
        return list(connection.execute(
            sa.select(event.c.event).where(event.c.subject_type == subject_type).order_by(event.c.id)
        ).scalars())


def queries(client: FlaskClient, path: str) -> int:
    """How many statements a page sends."""
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)
    return len([statement for statement in sent if not statement.startswith("PRAGMA")])
