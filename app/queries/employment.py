"""人员注册审核: the unit's list of people who asked to be bound to it, paged by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from app.queries.search import people_ids
from models.case import Case, Task
from models.person import Employment

TABS = {"pending": "待审核", "approved": "已通过", "returned": "已退回", "all": "全部"}
PAGE_SIZE = 20
OPEN_CASES_SHOWN = 20


@dataclass(frozen=True)
class EmploymentPage:
    """Rows newest first, with the open task of each (employment id -> task); `older` goes on, `newer` goes back."""

    rows: Sequence[Employment]
    tasks: dict[int, Task]
    older: int | None
    newer: int | None


def employments_page(
    session: Session, *, organization_id: int, tab: str, text: str = "", before: int | None = None,
    after: int | None = None,
) -> EmploymentPage:
    """One page of the unit's employments in a state."""
    statement = (
        select(Employment).options(joinedload(Employment.person)).join(Employment.person)
        .where(Employment.organization_id == organization_id, Employment.state != "withdrawn")
    )
    if tab != "all":
        statement = statement.where(Employment.state == tab)
    if text:
        statement = statement.where(Employment.person_id.in_(people_ids(text)))
    if after is not None:
        found = session.scalars(
            statement.where(Employment.id > after).order_by(Employment.id).limit(PAGE_SIZE + 1)
        ).all()
        rows = list(reversed(found[:PAGE_SIZE]))
        older, newer = (rows[-1].id if rows else None), (rows[0].id if len(found) > PAGE_SIZE else None)
    else:
        if before is not None:
            statement = statement.where(Employment.id < before)
        found = session.scalars(statement.order_by(Employment.id.desc()).limit(PAGE_SIZE + 1)).all()
        rows = list(found[:PAGE_SIZE])
        older = rows[-1].id if len(found) > PAGE_SIZE else None
        newer = rows[0].id if before is not None and rows else None
    return EmploymentPage(rows, _open_tasks(session, [row.id for row in rows]), older, newer)


def _open_tasks(session: Session, employment_ids: list[int]) -> dict[int, Task]:
    tasks = session.scalars(
        select(Task).where(
            Task.subject_type == "employment", Task.subject_id.in_(employment_ids), Task.state == "open"
        )
    )
    return {task.subject_id: task for task in tasks}


def history_of(session: Session, person_id: int, *, limit: int = 50) -> Sequence[Employment]:
    """A person's requests and bindings with their units, newest first."""
    return session.scalars(
        select(Employment).options(joinedload(Employment.organization))
        .where(Employment.person_id == person_id).order_by(Employment.id.desc()).limit(limit)
    ).all()


def open_cases(session: Session, person_id: int) -> Sequence[Case]:
    """What is under review for a person besides the binding itself: it stays with the units it was handed to."""
    return session.scalars(
        select(Case).where(Case.person_id == person_id, Case.state == "open", Case.subject_type != "employment")
        .order_by(Case.id.desc()).limit(OPEN_CASES_SHOWN + 1)
    ).all()


def opinions(session: Session, employment_ids: Sequence[int]) -> dict[int, str]:
    """What the unit wrote when it sent a request back, by employment."""
    rows = session.execute(
        select(Task.subject_id, Task.opinion).where(
            Task.subject_type == "employment", Task.subject_id.in_(employment_ids), Task.state == "returned"
        ).order_by(Task.id)
    )
    return dict(rows.tuples().all())


def tab_counts(session: Session, organization_id: int) -> dict[str, int]:
    """How many stand under each tab."""
    found = dict(session.execute(
        select(Employment.state, func.count())
        .where(Employment.organization_id == organization_id, Employment.state != "withdrawn")
        .group_by(Employment.state)
    ).tuples().all())
    return {tab: sum(found.values()) if tab == "all" else found.get(tab, 0) for tab in TABS}
