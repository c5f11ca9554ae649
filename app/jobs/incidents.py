"""Incidents: jobs that failed for good. Staff see why and, once the cause is mended, run them again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import NotAllowed, NotFound, WrongState
from app.outbox import ring
from app.transaction import on_commit, transaction
from models.base import utcnow
from models.job import JOB_STATES, Job

_job = Job.__table__


@dataclass(frozen=True)
class Incident:
    """One failed job as staff see it."""

    id: int
    kind: str
    key: str
    attempts: int
    last_error: str
    created_at: dt.datetime
    finished_at: dt.datetime


def incidents(session: Session, *, limit: int = 50, before_id: int | None = None) -> list[Incident]:
    """Failed jobs, newest first; `before_id` pages on."""
    query = select(
        _job.c.id, _job.c.kind, _job.c.key, _job.c.attempts, _job.c.last_error, _job.c.created_at, _job.c.finished_at
    ).where(_job.c.state == "failed")
    if before_id is not None:
        query = query.where(_job.c.id < before_id)
    rows = session.execute(query.order_by(_job.c.id.desc()).limit(limit))
    return [Incident(**row._mapping) for row in rows]


def count_by_state(session: Session) -> dict[str, int]:
    """How many jobs are in each state, zeros included."""
    rows = session.execute(select(_job.c.state, func.count().label("n")).group_by(_job.c.state))
    found: dict[str, int] = {row.state: row.n for row in rows}
    return {state: found.get(state, 0) for state in JOB_STATES}


def rerun(*, job_id: int, actor: Actor) -> None:
    """Let a failed job be tried again, with all its attempts. Only platform staff and commands."""
    if not (actor.is_platform or actor.is_system):
        raise NotAllowed("只有平台运维人员可以重新执行后台任务。")
    with transaction() as session:
        changed = session.connection().execute(
            update(_job).where(_job.c.id == job_id, _job.c.state == "failed")
            .values(state="waiting", attempts=0, run_after=utcnow(), finished_at=None, relayed_at=None)
            .returning(_job.c.kind, _job.c.key, _job.c.last_error)
        ).first()
        if changed is None:
            if session.connection().execute(select(_job.c.id).where(_job.c.id == job_id)).first() is None:
                raise NotFound("没有这个后台任务，请刷新列表后再看。")
            raise WrongState("这个后台任务没有失败，或已被重新执行，请刷新列表后再看。")
        record_event(
            session, event=Event.JOB_RERUN, subject_type="job", subject_id=job_id, actor=actor,
            data={"kind": changed.kind, "key": changed.key, "last_error": changed.last_error},
        )
        on_commit(ring)


def rerun_many(*, job_ids: Sequence[int], actor: Actor) -> int:
    """`rerun` for each, in its own transaction; those that are not failed any more are left. Returns how many ran."""
    done = 0
    for job_id in job_ids:
        try:
            rerun(job_id=job_id, actor=actor)
        except (NotFound, WrongState):
            continue
        done += 1
    return done
