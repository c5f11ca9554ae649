"""评审结果 as the convener works with them: plans, the applications of a plan with their votes, progress of issuing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from models.application import Application
from models.certificate import Certificate
from models.job import Job
from models.organization import Organization
from models.person import Person
from models.plan import ReviewPlan
from models.result import Publicity, ReviewResult
from models.series import Specialty, Title

_a, _plan, _r, _p = Application.__table__, ReviewPlan.__table__, ReviewResult.__table__, Publicity.__table__
_person, _unit, _specialty, _title = Person.__table__, Organization.__table__, Specialty.__table__, Title.__table__
_c, _job = Certificate.__table__, Job.__table__
PAGE_SIZE = 50


def plans_with_results(session: Session, convener_id: int) -> Sequence[Any]:
    """The convener's plans that have applications to vote on or voted on, newest first, with their counts."""
    return session.execute(
        select(
            _plan.c.id, _plan.c.year, _plan.c.name, func.count(_a.c.id).label("applications"),
            func.count(_r.c.id).label("entered"), func.count(_r.c.publicity_id).label("publicized"),
            func.count(_r.c.ordered_at).label("ordered"), func.count(_c.c.id).label("issued"),
        )
        .join(_a, (_a.c.plan_id == _plan.c.id) & (_a.c.state == "approved"))
        .outerjoin(_r, _r.c.application_id == _a.c.id).outerjoin(_c, _c.c.application_id == _a.c.id)
        .where(_plan.c.convener_id == convener_id)
        .group_by(_plan.c.id, _plan.c.year, _plan.c.name).order_by(_plan.c.id.desc()).limit(PAGE_SIZE)
    ).all()


def plan_of(session: Session, plan_id: int, convener_id: int) -> Any | None:
    """A plan of the convener (id, year, name), or None."""
    return session.execute(
        select(_plan.c.id, _plan.c.year, _plan.c.name).where(_plan.c.id == plan_id, _plan.c.convener_id == convener_id)
    ).first()


def rows_of(session: Session, plan_id: int, *, after: int = 0, limit: int = PAGE_SIZE) -> Sequence[Any]:
    """The approved applications of a plan by id, each with its vote (None: not entered) and its certificate."""
    return session.execute(
        select(
            _a.c.id, _person.c.name, _person.c.sex, _unit.c.name.label("unit"), _specialty.c.name.label("specialty"),
            _title.c.name.label("title"), _r.c.id.label("result_id"), _r.c.members, _r.c.present, _r.c.agree, _r.c.against,
            _r.c.abstain, _r.c.outcome, _r.c.met_on, _r.c.group_opinion, _r.c.publicity_id, _r.c.objection, _r.c.objection_state,
            _r.c.objection_reply, _r.c.approval_no, _r.c.announced_on, _a.c.person_id, _p.c.starts_on, _p.c.ends_on, _c.c.number, _c.c.file_id,
        )
        .join(_person, _person.c.id == _a.c.person_id).join(_unit, _unit.c.id == _a.c.employer_id)
        .join(_specialty, _specialty.c.id == _a.c.specialty_id).join(_title, _title.c.id == _a.c.title_id)
        .outerjoin(_r, _r.c.application_id == _a.c.id).outerjoin(_p, _p.c.id == _r.c.publicity_id)
        .outerjoin(_c, _c.c.application_id == _a.c.id)
        .where(_a.c.plan_id == plan_id, _a.c.state == "approved", _a.c.id > after).order_by(_a.c.id).limit(limit)
    ).all()


@dataclass(frozen=True)
class Waiting:
    """What a plan waits for, in people: a vote, 公示 of those who passed, the outcome for those who did not, the end of the
    notice, the end of an objection, the certificate.
    """

    unentered: int
    passed: int
    failed: int
    publicized: int
    objected: int
    ready: int


def waiting_of(session: Session, plan_id: int, today: dt.date) -> Waiting:
    """Where the approved applications of a plan stand. One query."""
    running, unordered = _r.c.publicity_id.is_not(None), _r.c.approval_no == ""

    def people(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)

    return Waiting(*session.execute(
        select(
            people(_r.c.id.is_(None)), people(_r.c.announced_on.is_(None), _r.c.outcome == "passed"),
            people(_r.c.announced_on.is_(None), _r.c.outcome == "failed"),
            people(running, unordered, _r.c.objection_state.in_(("none", "rejected")), _p.c.ends_on >= today),
            people(running, unordered, _r.c.objection_state == "open"),
            people(running, unordered, _r.c.objection_state.in_(("none", "rejected")), _p.c.ends_on < today),
        ).select_from(_a).outerjoin(_r, _r.c.application_id == _a.c.id).outerjoin(_p, _p.c.id == _r.c.publicity_id)
        .where(_a.c.plan_id == plan_id, _a.c.state == "approved")
    ).one())


@dataclass(frozen=True)
class Progress:
    """How far issuing is: ordered, numbered, with a file; what failed as (key, holder, why)."""

    ordered: int
    issued: int
    made: int
    failed: tuple[tuple[str, str, str], ...]


def progress_of(session: Session, plan_id: int) -> Progress:
    """The progress of a plan's certificates. Three queries."""
    counts = session.execute(
        select(func.count(_r.c.id).label("ordered"), func.count(_c.c.id).label("issued"), func.count(_c.c.file_id).label("made"))
        .outerjoin(_c, _c.c.application_id == _r.c.application_id).where(_r.c.plan_id == plan_id, _r.c.ordered_at.is_not(None))
    ).one()
    ordered = session.execute(
        select(_r.c.application_id, _c.c.id.label("certificate_id"), _person.c.name)
        .join(_a, _a.c.id == _r.c.application_id).join(_person, _person.c.id == _a.c.person_id)
        .outerjoin(_c, _c.c.application_id == _r.c.application_id)
        .where(_r.c.plan_id == plan_id, _r.c.ordered_at.is_not(None), _c.c.file_id.is_(None)).limit(500)
    ).all()
    names = {f"certificate:{row.application_id}": row.name for row in ordered}
    names |= {f"certificate-render:{row.certificate_id}:1": row.name for row in ordered if row.certificate_id}
    failed = session.execute(
        select(_job.c.key, _job.c.last_error).where(_job.c.key.in_(list(names)), _job.c.state == "failed").order_by(_job.c.id)
    ).all() if names else ()
    return Progress(counts.ordered, counts.issued, counts.made, tuple((row.key, names[row.key], row.last_error) for row in failed))


def result_of(session: Session, application_id: int) -> dict[str, Any] | None:
    """What the 评审表 prints of the vote: numbers as text, ISO dates; None when nothing was entered."""
    row = session.execute(
        select(_r, _p.c.starts_on, _p.c.ends_on, _p.c.place).outerjoin(_p, _p.c.id == _r.c.publicity_id)
        .where(_r.c.application_id == application_id)
    ).first()
    if row is None:
        return None
    shown = ""
    if row.publicity_id is not None:
        objection = {"none": "无异议", "open": "异议核查中", "rejected": "经核查异议不成立", "upheld": "异议成立"}[row.objection_state]
        shown = f"{row.starts_on.isoformat()} 至 {row.ends_on.isoformat()} 在 {row.place} 公示，{objection}。"
    return {
        **{key: str(getattr(row, key)) for key in ("members", "present", "agree", "against", "abstain")},
        "outcome": "通过" if row.outcome == "passed" else "未通过", "met_on": row.met_on.isoformat(),
        "group_opinion": row.group_opinion, "publicity": shown,
        "publicity_ended": row.ends_on.isoformat() if row.ends_on else "",
    }
