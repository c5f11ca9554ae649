"""统计: what an organization handled in a plan year, by plan, level, node, state and age. One grouped query each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from app.workflow.procedure import NODES
from models.application import APPLICATION_STATES, Application
from models.base import utcnow
from models.case import Case, Task
from models.plan import ReviewPlan
from models.series import Title, TitleLevel

_application, _case, _task = Application.__table__, Case.__table__, Task.__table__
_plan, _title, _level = ReviewPlan.__table__, Title.__table__, TitleLevel.__table__
AGES = ((3, "3 天以内"), (7, "4 至 7 天"), (15, "8 至 15 天"), (30, "16 至 30 天"), (None, "30 天以上"))
PLANS_SHOWN = 30


@dataclass(frozen=True)
class Figure:
    """One line of a table and one bar of its chart."""

    label: str
    value: int


@dataclass(frozen=True)
class Statistics:
    """All groups of one year; `total`: applications that came to the organization."""

    year: int
    total: int
    groups: tuple[tuple[str, str, tuple[Figure, ...]], ...]  # (key, title, figures)


def years(session: Session, organization_id: int) -> list[int]:
    """The plan years of what the organization handled, newest first."""
    came = _came(organization_id).subquery()
    return list(session.execute(
        select(_application.c.plan_year).where(_application.c.id.in_(select(came.c.subject_id))).distinct()
        .order_by(_application.c.plan_year.desc())
    ).scalars())


def statistics(session: Session, *, organization_id: int, year: int, now: dt.datetime | None = None) -> Statistics:
    """Six grouped queries over the organization's own applications of a year."""
    came = _came(organization_id).subquery()
    mine = _application.c.id.in_(select(came.c.subject_id)) & (_application.c.plan_year == year)
    count = func.count(_application.c.id)
    plans = session.execute(
        select(_plan.c.name, count).join(_plan, _plan.c.id == _application.c.plan_id).where(mine)
        .group_by(_plan.c.name).order_by(count.desc(), _plan.c.name).limit(PLANS_SHOWN)
    ).all()
    levels = session.execute(
        select(_level.c.name, _level.c.rank, count)
        .select_from(_application)
        .join(_title, _title.c.id == _application.c.title_id).join(_level, _level.c.id == _title.c.level_id)
        .where(mine).group_by(_level.c.name, _level.c.rank).order_by(_level.c.rank.desc())
    ).all()
    states: dict[str, int] = dict(session.execute(
        select(_application.c.state, count).where(mine).group_by(_application.c.state)).tuples().all())
    open_cases = (
        select(_case.c.node, func.count())
        .join(_application, (_case.c.subject_id == _application.c.id) & (_case.c.subject_type == "application"))
        .where(mine, _case.c.state == "open").group_by(_case.c.node)
    )
    nodes: dict[str, int] = dict(session.execute(open_cases).tuples().all())
    return Statistics(year, sum(states.values()), (
        ("plan", "按评审计划", tuple(Figure(row[0], row[1]) for row in plans)),
        ("level", "按申报级别", tuple(Figure(row[0], row[2]) for row in levels)),
        ("state", "按申报状态", tuple(Figure(label, states[key]) for key, label in APPLICATION_STATES.items() if key in states)),
        ("node", "审核中的申报按当前节点", tuple(Figure(node.label, nodes[key]) for key, node in NODES.items() if key in nodes)),
        ("age", "本单位待审核的申报按等待时间", _ages(session, organization_id, year, now or utcnow())),
    ))


def _came(organization_id: int) -> Select[Any]:
    """Ids of the applications that came to the organization."""
    return select(_task.c.subject_id).where(
        _task.c.organization_id == organization_id, _task.c.subject_type == "application",
        _task.c.state != "withdrawn",
    )


def _ages(session: Session, organization_id: int, year: int, now: dt.datetime) -> tuple[Figure, ...]:
    whens = [(_task.c.arrived_at > now - dt.timedelta(days=days), n) for n, (days, _label) in enumerate(AGES) if days]
    age = case(*whens, else_=len(AGES) - 1)
    rows: dict[int, int] = dict(session.execute(
        select(age.label("age"), func.count())
        .join(_application, _application.c.id == _task.c.subject_id)
        .where(
            _task.c.organization_id == organization_id, _task.c.subject_type == "application", _task.c.state == "open",
            _application.c.plan_year == year,
        ).group_by(age)
    ).tuples().all())
    return tuple(Figure(label, rows[n]) for n, (_days, label) in enumerate(AGES) if n in rows)
