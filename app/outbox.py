"""The outbox: work that must follow a business action, written in the action's own transaction.

The row is the truth. Whoever runs it (the in-process worker, `flask jobs work`, Celery) claims it from the table, so
nothing is lost when a process or a broker dies, and nothing leaves when the transaction rolls back.
"""

from __future__ import annotations

import datetime as dt
import threading
import weakref
from collections.abc import Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import utcnow
from models.job import Job

_job = Job.__table__
_WAITING = "zhicheng_outbox_waiting"
# Built once: compiling an INSERT on each call costs five times as much as running it (benchmarks/outbox.py).
_INSERT: Mapping[str, Any] = {
    "sqlite": sqlite.insert(_job).on_conflict_do_nothing(index_elements=["key"]),
    "postgresql": postgresql.insert(_job).on_conflict_do_nothing(index_elements=["key"]),
}
_bells: weakref.WeakSet[threading.Event] = weakref.WeakSet()


def enqueue(
    session: Session, *, kind: str, key: str, payload: Mapping[str, Any], run_after: dt.datetime | None = None,
    max_attempts: int = 5,
) -> None:
    """Ask for one piece of work, once per `key` (≤ 160 characters), to be done after the commit in force.

    `payload` is a JSON object of ids and words: no personal data, the handler reads that from the tables.
    `run_after` (aware): not before. A key that is already there, whatever became of it, changes nothing.
    """
    if len(key) > 160 or len(kind) > 40:
        raise ValueError("a job's key has at most 160 characters, its kind at most 40")
    now = utcnow()
    connection = session.connection()
    connection.execute(_INSERT[connection.dialect.name], {
        "kind": kind, "key": key, "payload": dict(payload), "state": "waiting", "attempts": 0,
        "max_attempts": max_attempts, "run_after": run_after or now, "leased_by": "", "last_error": "",
        "created_at": now,
    })
    session.info[_WAITING] = True


def subscribe() -> threading.Event:
    """An event that is set after each commit of this process that enqueued something. Held weakly: keep it."""
    bell = threading.Event()
    _bells.add(bell)
    return bell


def ring() -> None:
    """Wake the workers of this process."""
    for bell in list(_bells):
        bell.set()


@event.listens_for(Session, "after_commit")
def _ring_after_commit(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint was released; the commit is still to come
        return
    if session.info.pop(_WAITING, False):
        ring()
