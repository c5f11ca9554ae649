"""The lease: who may run a job now, and for how long. Every change of a job's state is one guarded statement here.

A claim marks rows `running` under a token that is never used again. Each later statement names the token, so a worker
that stalled past its lease can no longer write: its row belongs to somebody else. Times are the workers' own clocks,
which must agree within a few seconds (a lease is 20 s).
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import random
import secrets
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.jobs.registry import JobView
from models.base import utcnow
from models.job import Job

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=20)
RETRY_FIRST = dt.timedelta(seconds=5)
RETRY_LONGEST = dt.timedelta(hours=1)
ERROR_LENGTH = 2000
DIED = "执行任务的进程没有结束就停止了"

_job = Job.__table__
_VIEW = (_job.c.id, _job.c.kind, _job.c.key, _job.c.payload, _job.c.attempts, _job.c.max_attempts)


def new_token() -> str:
    """Names one claim: host, process and 64 random bits (≤ 80 characters)."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(8)}"


def backoff(attempts: int) -> dt.timedelta:
    """How long to wait after the n-th failure: 5 s, 15 s, 45 s … at most 1 h, each ± 20 % so that retries spread."""
    wait: dt.timedelta = min(RETRY_FIRST * 3 ** min(attempts - 1, 12), RETRY_LONGEST)
    return wait * random.uniform(0.8, 1.2)


def _due(now: dt.datetime) -> ColumnElement[bool]:
    return and_(_job.c.state == "waiting", _job.c.run_after <= now)


def _abandoned(now: dt.datetime) -> ColumnElement[bool]:
    return and_(_job.c.state == "running", _job.c.lease_until < now)


def anything_due(connection: Connection) -> bool:
    """Whether a claim could find something: a read, so that idle workers never take SQLite's write lock."""
    now = utcnow()
    return any(
        connection.execute(select(_job.c.id).where(condition).limit(1)).first()
        for condition in (_due(now), _abandoned(now))
    )


def reclaim(connection: Connection) -> int:
    """Set jobs free whose worker died; one that has used its attempts becomes an incident. Returns how many."""
    now = utcnow()
    dead = select(_job.c.id).where(_abandoned(now))
    if connection.dialect.name == "postgresql":
        dead = dead.with_for_update(skip_locked=True)
    ids = connection.execute(dead.order_by(_job.c.id).limit(100)).scalars().all()
    if not ids:
        return 0
    mine = and_(_job.c.id.in_(ids), _abandoned(now))
    free = {"lease_until": None, "leased_by": "", "last_error": DIED}
    failed = connection.execute(
        update(_job).where(mine, _job.c.attempts >= _job.c.max_attempts).values({**free, "state": "failed", "finished_at": now})
    )
    freed = connection.execute(
        update(_job).where(mine, _job.c.attempts < _job.c.max_attempts).values({**free, "state": "waiting", "relayed_at": None})
    )
    return failed.rowcount + freed.rowcount


def claim(connection: Connection, *, token: str, limit: int, lease: dt.timedelta = LEASE) -> list[int]:
    """Take up to `limit` due jobs, oldest first, under `token`. Returns their ids; concurrent claims never overlap."""
    reclaim(connection)
    now = utcnow()
    due = select(_job.c.id).where(_due(now)).order_by(_job.c.run_after, _job.c.id).limit(limit)
    if connection.dialect.name == "postgresql":
        # A locking CTE is evaluated once; inside IN the planner might run it again and lock other rows.
        chosen = due.with_for_update(skip_locked=True).cte("chosen")
        due = select(chosen.c.id)
    rows = connection.execute(
        update(_job).where(_job.c.id.in_(due), _job.c.state == "waiting")
        .values(state="running", leased_by=token, lease_until=now + lease)
        .returning(_job.c.id, _job.c.run_after)
    ).all()
    return [row.id for row in sorted(rows, key=lambda row: (row.run_after, row.id))]


def claim_one(connection: Connection, job_id: int, *, token: str, lease: dt.timedelta = LEASE) -> bool:
    """Take one job by its id, as a message from the broker asks; False when it is not due or somebody has it."""
    reclaim(connection)
    now = utcnow()
    taken = connection.execute(
        update(_job).where(_job.c.id == job_id, _due(now))
        .values(state="running", leased_by=token, lease_until=now + lease)
    )
    return taken.rowcount == 1


def begin(connection: Connection, job_id: int, *, token: str, lease: dt.timedelta = LEASE) -> JobView | None:
    """Count an attempt and renew the lease right before the handler runs; None when the lease is gone."""
    now = utcnow()
    row = connection.execute(
        update(_job)
        .where(_job.c.id == job_id, _job.c.leased_by == token, _job.c.state == "running", _job.c.lease_until >= now)
        .values(attempts=_job.c.attempts + 1, lease_until=now + lease)
        .returning(*_VIEW)
    ).first()
    return JobView(**row._mapping) if row else None


def extend(connection: Connection, *, token: str, lease: dt.timedelta = LEASE) -> int:
    """The heartbeat: renew everything still held under `token`. A lease that ran out is not revived."""
    now = utcnow()
    return connection.execute(
        update(_job).where(_job.c.leased_by == token, _job.c.state == "running", _job.c.lease_until >= now)
        .values(lease_until=now + lease)
    ).rowcount


def finish(connection: Connection, job_id: int, *, token: str) -> bool:
    """The job is done; False when the lease was lost meanwhile and the result is somebody else's to record."""
    return connection.execute(
        update(_job).where(_job.c.id == job_id, _job.c.leased_by == token, _job.c.state == "running")
        .values(state="done", lease_until=None, leased_by="", last_error="", finished_at=utcnow())
    ).rowcount == 1


def fail(connection: Connection, job: JobView, *, token: str, error: str, final: bool = False) -> str:
    """Record a failure: wait and try again, or, out of attempts or `final`, an incident. Returns the new state."""
    now = utcnow()
    over = final or job.attempts >= job.max_attempts
    values: dict[str, object] = {"lease_until": None, "leased_by": "", "last_error": error[:ERROR_LENGTH]}
    if over:
        values |= {"state": "failed", "finished_at": now}
    else:
        values |= {"state": "waiting", "run_after": now + backoff(job.attempts), "relayed_at": None}
    held = connection.execute(
        update(_job).where(_job.c.id == job.id, _job.c.leased_by == token, _job.c.state == "running").values(values)
    ).rowcount
    return str(values["state"]) if held else "lost"


def release(connection: Connection, ids: Sequence[int], *, token: str) -> None:
    """Give back claimed jobs that were not begun: a worker that stops leaves nothing waiting for its lease."""
    if ids:
        connection.execute(
            update(_job).where(_job.c.id.in_(ids), _job.c.leased_by == token, _job.c.state == "running")
            .values(state="waiting", lease_until=None, leased_by="", relayed_at=None)
        )


class Heartbeat:
    """Renews the leases of one token from a thread of its own while the block runs."""

    def __init__(self, engine: Engine, *, token: str, lease: dt.timedelta = LEASE) -> None:
        self._engine, self._token, self._lease = engine, token, lease
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job-heartbeat", daemon=True)

    def _beat(self) -> None:
        while not self._stop.wait(self._lease.total_seconds() / 4):
            try:
                with self._engine.begin() as connection:
                    extend(connection, token=self._token, lease=self._lease)
            except SQLAlchemyError:  # the next beat may reach the database again before the lease ends
                log.exception("a heartbeat failed")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
