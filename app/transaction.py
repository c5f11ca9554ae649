"""One transaction per domain action. Work that must wait for the commit is handed to `on_commit`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy.orm import Session

from app.extensions import db

log = logging.getLogger(__name__)
_OPEN = "zhicheng_transaction"
_HOOKS = "zhicheng_on_commit"


def current_session() -> Session:
    """The session of this request, job or command."""
    return cast(Session, db.session())


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit at the end, roll back on any error. A nested block joins the outer one.

    On SQLite the write lock is taken at the start, so that what the block reads cannot change before it writes.
    """
    session = current_session()
    if session.info.get(_OPEN):
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("pending changes outside a transaction")
    session.rollback()  # ends the request's read transaction; the block sees the newest rows
    session.info[_OPEN] = True
    hooks: list[Callable[[], None]] = []
    session.info[_HOOKS] = hooks
    try:
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_OPEN, None)
        session.info.pop(_HOOKS, None)
    for hook in hooks:
        try:
            hook()
        except Exception:  # the action is committed: a failing hook must not undo the answer
            log.exception("an on-commit hook failed")


def on_commit(hook: Callable[[], None]) -> None:
    """Run `hook` after the commit of the transaction in force; never when it rolls back."""
    session = current_session()
    if not session.info.get(_OPEN):
        raise RuntimeError("on_commit outside a transaction")
    session.info[_HOOKS].append(hook)
