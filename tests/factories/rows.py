"""Inserting one row and getting its id, whatever the scope; reading rows as they stand now."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy.orm import Session

from app.extensions import db
from app.scope import system_scope
from app.transaction import current_session

_numbers = itertools.count(1)


def serial() -> int:
    """A number not given out before in this process."""
    return next(_numbers)


def save(row: Any) -> int:
    """Insert a mapped row in a transaction of its own; its id."""
    with system_scope(), Session(db.engine, expire_on_commit=False) as session:
        session.add(row)
        session.commit()
        return int(row.id)


def read(statement: Any) -> list[Any]:
    """The rows of a statement over tables, as committed now; the session holds no transaction before or after."""
    session = current_session()
    session.rollback()
    found = list(session.execute(statement).all())
    session.rollback()
    return found
