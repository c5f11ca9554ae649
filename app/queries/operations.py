"""Figures for the staff's first pages: counted up to a bound, so that no page grows slow with the tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Select, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from models.account import Account
from models.audit import AuditAnchor
from models.case import Task
from models.file import StoredFile
from models.job import Job
from models.organization import Organization
from models.plan import ReviewPlan
from models.region import Region

COUNT_UP_TO = 10_000
_account, _anchor, _file, _job = Account.__table__, AuditAnchor.__table__, StoredFile.__table__, Job.__table__
_organization, _plan, _task = Organization.__table__, ReviewPlan.__table__, Task.__table__

# name -> the rows it counts; each is bounded by an index or by the primary key
_COUNTED: dict[str, Select[Any]] = {
    "units": select(_organization.c.id).where(_organization.c.enabled.is_(True)),
    "plans_draft": select(_plan.c.id).where(_plan.c.state == "draft"),
    "plans_published": select(_plan.c.id).where(_plan.c.state == "published"),
    "plans_open": select(_plan.c.id).where(
        _plan.c.state == "published", _plan.c.opens_on <= bindparam("today"), _plan.c.closes_on >= bindparam("today")
    ),
    "accounts_locked": select(_account.c.id).where(_account.c.locked_until > bindparam("now")),
    "incidents": select(_job.c.id).where(_job.c.state == "failed"),
}
FIGURES = frozenset(_COUNTED)


@dataclass(frozen=True)
class Overview:
    """`figures` by name, COUNT_UP_TO + 1 for more than COUNT_UP_TO; open tasks by node, of the first so many."""

    figures: dict[str, int]
    open_tasks: dict[str, int]


def overview(
    session: Session, names: Collection[str], *, with_tasks: bool, today: dt.date, now: dt.datetime
) -> Overview:
    """The named figures (of FIGURES) and, if asked for, the open tasks by node: one query."""
    parts = [
        select(literal("figure").label("part"), literal(name).label("name"), _count(_COUNTED[name]).scalar_subquery().label("n"))
        for name in sorted(names)
    ]
    if with_tasks:
        some = select(_task.c.node).where(_task.c.state == "open").limit(COUNT_UP_TO + 1).subquery()
        parts.append(select(literal("node"), some.c.node, func.count()).group_by(some.c.node))
    rows = session.execute(union_all(*parts), {"today": today, "now": now}).all() if parts else []
    return Overview(
        {name: n for part, name, n in rows if part == "figure"}, {name: n for part, name, n in rows if part == "node"}
    )


def _count(rows: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(rows.limit(COUNT_UP_TO + 1).subquery())


def oldest_due(session: Session, *, now: dt.datetime) -> dt.datetime | None:
    """Since when the job that waits longest could have run; None when nothing is due."""
    return session.scalar(
        select(_job.c.run_after).where(_job.c.state == "waiting", _job.c.run_after <= now)
        .order_by(_job.c.run_after).limit(1)
    )


@dataclass(frozen=True)
class LastAnchor:
    """The newest anchor of the audit trail: when, and up to which event."""

    at: dt.datetime
    last_event_id: int


def last_anchor(session: Session) -> LastAnchor | None:
    """None when the trail was never anchored."""
    row = session.execute(
        select(_anchor.c.at, _anchor.c.last_event_id).order_by(_anchor.c.id.desc()).limit(1)
    ).first()
    return LastAnchor(row.at, row.last_event_id) if row else None


@dataclass(frozen=True)
class Stored:
    """What the store holds by the database's account: files and bytes, counted at a moment."""

    files: int
    size: int
    at: dt.datetime


def stored_files(session: Session, *, now: dt.datetime) -> Stored:
    """One aggregate over all files: its cost grows with them, so callers keep the answer for a while."""
    files, size = session.execute(select(func.count(), func.coalesce(func.sum(_file.c.size), 0)).select_from(_file)).one()
    return Stored(int(files), int(size), now)


def database_revision(session: Session) -> str:
    """The migration the database is at; empty when it was not made by migrations."""
    return MigrationContext.configure(session.connection()).get_current_revision() or ""


def region_names(session: Session) -> dict[str, str]:
    """Every region's name by its code: a few thousand rows at most, the country's whole table."""
    return dict(session.execute(select(Region.__table__.c.code, Region.__table__.c.name)).tuples().all())
