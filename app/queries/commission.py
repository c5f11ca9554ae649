"""委托: a plan's facts for the letter, the people it names, and the letters of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models.application import Application
from models.case import Task
from models.commission import CommissionLetter
from models.organization import Organization
from models.person import Person
from models.plan import Committee, ReviewPlan
from models.series import Specialty, Title, TitleLevel

PAGE_SIZE = 50
_letter, _plan, _organization = CommissionLetter.__table__, ReviewPlan.__table__, Organization.__table__
_application, _task, _person = Application.__table__, Task.__table__, Person.__table__


def plan_facts(session: Session, plan_id: int) -> Any | None:
    """Name, year, committee and convener of a plan that was published (a mapping), or None."""
    committee = Committee.__table__
    return session.execute(
        select(_plan.c.id, _plan.c.name, _plan.c.year, committee.c.name.label("committee"),
               _organization.c.name.label("convener"))
        .join(committee, committee.c.id == _plan.c.committee_id)
        .join(_organization, _organization.c.id == _plan.c.convener_id)
        .where(_plan.c.id == plan_id, _plan.c.state != "draft")
    ).mappings().first()


def people(session: Session, *, plan_id: int, organization_id: int) -> Sequence[Any]:
    """花名册: whose application in the plan came from or through the organization and stands (mappings)."""
    employer, specialty, title, level = (
        _organization.alias("employer"), Specialty.__table__, Title.__table__, TitleLevel.__table__
    )
    handled = exists().where(
        _task.c.organization_id == organization_id, _task.c.subject_type == "application",
        _task.c.subject_id == _application.c.id, _task.c.state == "approved",
    )
    return session.execute(
        select(
            _person.c.name, _person.c.sex, employer.c.name.label("employer"), specialty.c.name.label("specialty"),
            title.c.name.label("title"),
        )
        .select_from(_application)
        .join(_person, _person.c.id == _application.c.person_id)
        .join(employer, employer.c.id == _application.c.employer_id)
        .join(specialty, specialty.c.id == _application.c.specialty_id)
        .join(title, title.c.id == _application.c.title_id)
        .join(level, level.c.id == title.c.level_id)
        .where(_application.c.plan_id == plan_id, _application.c.state.in_(("reviewing", "approved")), handled)
        .order_by(level.c.rank.desc(), employer.c.name, _application.c.id)
    ).mappings().all()


def letters(
    session: Session, *, organization_id: int | None = None, convener_id: int | None = None, plan_id: int | None = None,
    before: int | None = None,
) -> Sequence[Any]:
    """Letters of a unit, or to a convener, newest first (mappings); one more than a page when there are more."""
    statement = (
        select(_letter, _plan.c.name.label("plan"), _organization.c.name.label("organization"))
        .join(_plan, _plan.c.id == _letter.c.plan_id)
        .join(_organization, _organization.c.id == _letter.c.organization_id)
        .order_by(_letter.c.id.desc()).limit(PAGE_SIZE + 1)
    )
    for column, value in ((_letter.c.organization_id, organization_id), (_letter.c.convener_id, convener_id),
                          (_letter.c.plan_id, plan_id)):
        if value is not None:
            statement = statement.where(column == value)
    if before is not None:
        statement = statement.where(_letter.c.id < before)
    return session.execute(statement).mappings().all()
