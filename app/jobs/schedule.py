"""Periodic work as data. Each entry is enqueued once per time bucket: the key holds the bucket, so any number of
workers may try."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.orm import Session

from app.extensions import db
from app.outbox import enqueue
from models.base import utcnow


@dataclass(frozen=True)
class Periodic:
    """`kind` is enqueued once in every `every`, counted from the epoch in UTC."""

    kind: str
    every: dt.timedelta


PERIODIC = (
    Periodic("audit.anchor", dt.timedelta(hours=1)),
    Periodic("session.sweep", dt.timedelta(minutes=15)),
    Periodic("job.purge", dt.timedelta(days=1)),
    Periodic("deadline.remind", dt.timedelta(hours=1)),  # each is told once: the notification's key says so
    Periodic("achievement_import.purge", dt.timedelta(days=1)),
    Periodic("mail.digest", dt.timedelta(days=1)),  # a day of UTC begins at 8 in the morning of China
    Periodic("export.purge", dt.timedelta(hours=6)),
)


def bucket(entry: Periodic, now: dt.datetime) -> int:
    """The number of the time bucket `now` lies in."""
    return int(now.timestamp() // entry.every.total_seconds())


def enqueue_periodic(session: Session, now: dt.datetime | None = None) -> None:
    """Enqueue what the present buckets still lack. The caller commits."""
    now = now or utcnow()
    for entry in PERIODIC:
        enqueue(session, kind=entry.kind, key=f"{entry.kind}:{bucket(entry, now)}", payload={})


class Clock:
    """Calls `enqueue_periodic` when a bucket has changed, and never more than once in 10 s."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._seen: tuple[int, ...] = ()
        self._next = 0.0

    def tick(self) -> None:
        """Cheap when there is nothing to do: no query unless a bucket began."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 10
        now = utcnow()
        buckets = tuple(bucket(entry, now) for entry in PERIODIC)
        if buckets == self._seen:
            return
        with self._app.app_context(), Session(db.engine) as session, session.begin():
            enqueue_periodic(session, now)
        self._seen = buckets
