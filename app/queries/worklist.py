"""任务中心: an organization's tasks, paged by key, with the counts of the tabs from the counters.

All statements are Core and name the organization themselves; none of them counts or skips rows, so a page costs the
same with a thousand tasks as with a million.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.queries.holiday import setting_with_exceptions
from app.queries.inbox import CALENDAR, DUE_DAYS, Calendar
from app.queries.inbox import Inbox as Inbox  # noqa: PLC0414  pages of many nouns ask for both here
from app.queries.inbox import inbox_of as inbox_of  # noqa: PLC0414
from app.queries.integrity import standing_on
from app.queries.search import people
from app.rules import deadlines
from app.rules.deadlines import ZONE
from app.rules.workdays import after_working_days
from models.account import Account
from models.application import Application
from models.case import Case, Task
from models.integrity import IntegrityRecord
from models.organization import Organization
from models.person import Person
from models.plan import ReviewPlan
from models.series import Specialty, Title

PAGE_SIZE = 20
SOON = 2  # days before the due date from which a task is marked
_task, _case = Task.__table__, Case.__table__
_account, _person, _organization = Account.__table__, Person.__table__, Organization.__table__
_application, _plan = Application.__table__, ReviewPlan.__table__
_specialty, _title, _record = Specialty.__table__, Title.__table__, IntegrityRecord.__table__
_COLUMNS = (
    _task.c.id, _task.c.case_id, _task.c.procedure, _task.c.subject_type, _task.c.subject_id, _task.c.title,
    _task.c.seq, _task.c.stop, _task.c.node, _task.c.state, _task.c.claimed_by, _task.c.arrived_at, _task.c.decided_at,
    _task.c.decided_by,
    _task.c.opinion, _task.c.version,
    _case.c.started_at, _case.c.ended_at, _case.c.state.label("case_state"), _case.c.node.label("case_node"),
    _case.c.run,
    _person.c.name.label("person_name"), _person.c.sex.label("person_sex"),
)
_WITH_CASE = _task.join(_case, _case.c.id == _task.c.case_id).outerjoin(_person, _person.c.id == _task.c.person_id)


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; empty strings mean everything. `text` is matched against title and name.

    `node`: of the organization's task; `case_node`: where the case stands now; `year`: the plan year of applications.
    """

    procedure: str = ""
    node: str = ""
    text: str = ""
    subject_type: str = ""
    case_node: str = ""
    year: int | None = None

    @property
    def narrows(self) -> bool:
        """Whether any of it leaves tasks out that the tab's count has."""
        return bool(self.node or self.text or self.case_node or self.year)


@dataclass(frozen=True)
class Page:
    """One page of rows (mappings of the columns above), newest first; `before`/`after` are the keys to go on with."""

    rows: Sequence[Any]
    older: int | None
    newer: int | None


_OPEN = _task.c.state == literal_column("'open'")  # a literal: the index of open tasks is a partial one
_NOBODY, _ME = _task.c.claimed_by.is_(None), _task.c.claimed_by == bindparam("of_user")
_OTHERS = _task.c.claimed_by.in_(bindparam("of_others", expanding=True))
_MINE = _task.c.organization_id == bindparam("of_organization")


def _claims(inbox: Inbox, tab: str) -> tuple[str, ...]:
    """By whom the open tasks of a tab are claimed: keys of _CLAIMED."""
    if tab == "unclaimed":
        return ("nobody",) if inbox.shared else ()
    if tab == "open":
        return ("nobody", "me")
    others = ("others",) if inbox.stands_in_for else ()
    return ("me", *others) if inbox.shared else ("nobody", "me")


_CLAIMED = {"nobody": _NOBODY, "me": _ME, "others": _OTHERS}
_DECIDED: dict[str, tuple[ColumnElement[bool], ...]] = {
    "all": (_task.c.state != "withdrawn",), "returned": (_task.c.state == "returned",),
    "decided": (_task.c.state != "open", _task.c.state != "withdrawn"),
    "mine": (_task.c.state != "open", _task.c.state != "withdrawn", _task.c.decided_by == bindparam("of_user")),
}
_NARROWED: dict[str, ColumnElement[bool]] = {
    "procedure": _task.c.procedure == bindparam("of_procedure"),
    "subject_type": _task.c.subject_type == bindparam("of_subject_type"),
    "node": _task.c.node == bindparam("of_node"),
    "case_node": _case.c.node == bindparam("of_case_node"),
    "year": (_task.c.subject_type == "application") & _task.c.subject_id.in_(
        select(_application.c.id).where(_application.c.plan_year == bindparam("of_year"))),
}
_KEYED = {"": (), "before": (_task.c.id < bindparam("key"),), "after": (_task.c.id > bindparam("key"),)}


@lru_cache(maxsize=256)
def _composed(tab: str, claims: tuple[str, ...], narrowed: tuple[str, ...], direction: str) -> Select[Any]:
    within = _WITH_CASE if "case_node" in narrowed else _task
    return _compose(tab, claims, [_NARROWED[key] for key in narrowed], direction, within)


def _compose(
    tab: str, claims: tuple[str, ...], narrowed: Sequence[ColumnElement[bool]], direction: str, within: FromClause
) -> Select[Any]:
    """A page's statement. Open tasks are found claim by claim, each at the end of its own range of the index, so that
    neither many decided tasks nor many open ones of colleagues are walked through.
    """
    order = _task.c.id if direction == "after" else _task.c.id.desc()
    size = bindparam("size", type_=Integer)
    rest = (_MINE, *narrowed, *_KEYED[direction])
    page = select(*_COLUMNS).select_from(_WITH_CASE).order_by(order).limit(size)
    if tab in _DECIDED:
        return page.where(*rest, *_DECIDED[tab])
    if len(claims) < 2:
        return page.where(*rest, _OPEN, *([_CLAIMED[claims[0]]] if claims else [false()]))
    ids = [
        select(select(_task.c.id).select_from(within).where(*rest, _OPEN, _CLAIMED[claim]).order_by(order).limit(size).subquery())
        for claim in claims
    ]
    return page.where(_task.c.id.in_(union_all(*ids)))


def _asked(inbox: Inbox, tab: str, filters: Filters, direction: str) -> tuple[Select[Any], dict[str, Any]]:
    """The statement of a filtered list and its values, all but `size` and `key`."""
    narrowed = tuple(name for name in _NARROWED if getattr(filters, name))
    claims = () if tab in _DECIDED else _claims(inbox, tab)
    if filters.text:
        named = _task.c.title.contains(filters.text, autoescape=True) | people(filters.text, _person)
        statement = _compose(tab, claims, [*(_NARROWED[name] for name in narrowed), named], direction, _WITH_CASE)
    else:
        statement = _composed(tab, claims, narrowed, direction)
    return statement, {
        "of_organization": inbox.organization_id, "of_user": inbox.user_id, "of_others": sorted(inbox.stands_in_for),
        **{f"of_{name}": getattr(filters, name) for name in narrowed},
    }


def tasks_page(
    session: Session, inbox: Inbox, *, tab: str, filters: Filters | None = None, before: int | None = None,
    after: int | None = None, size: int = PAGE_SIZE,
) -> Page:
    """A page of the inbox by key: `before` goes to older tasks, `after` back to newer ones; ids of tasks.

    `tab`: a key of TABS or APPLICATION_TABS, or "open" for 待处理 and 待领取 together.
    """
    key, direction = (after, "after") if after is not None else (before, "before") if before is not None else (0, "")
    statement, values = _asked(inbox, tab, filters or Filters(), direction)
    values |= {"size": size + 1, "key": key}
    found = session.connection().execute(statement, values).mappings().all()
    rows = list(found[:size])
    if direction == "after":
        rows.reverse()
        return Page(rows, older=rows[-1]["id"] if rows else None, newer=rows[0]["id"] if len(found) > size else None)
    return Page(
        rows, older=rows[-1]["id"] if len(found) > size else None, newer=rows[0]["id"] if before and rows else None
    )


def count_tasks(session: Session, inbox: Inbox, *, tab: str, filters: Filters, most: int) -> int:
    """How many tasks a filtered list has, counted up to one more than `most`."""
    statement, values = _asked(inbox, tab, filters, "")
    ids = statement.with_only_columns(_task.c.id, maintain_column_froms=True).order_by(None).subquery()
    return session.connection().execute(select(func.count()).select_from(ids), values | {"size": most + 1}).scalar_one()


def next_task(session: Session, inbox: Inbox, *, after_task_id: int, subject_type: str) -> int | None:
    """The task to open after a decision: the next older one of the same kind under 待处理, else the newest."""
    filters = Filters(subject_type=subject_type)
    older = tasks_page(session, inbox, tab="todo", filters=filters, before=after_task_id, size=1).rows
    newest = older or tasks_page(session, inbox, tab="todo", filters=filters, size=2).rows
    return next((int(row["id"]) for row in newest if row["id"] != after_task_id), None)


def history(session: Session, case_ids: Sequence[int]) -> Sequence[Any]:
    """流程: every task of the cases in order, with the names of organization and decider (mappings)."""
    return session.execute(
        select(
            _task.c.id, _task.c.case_id, _task.c.seq, _task.c.stop, _task.c.node, _task.c.state, _task.c.claimed_by, _task.c.arrived_at,
            _task.c.decided_at, _task.c.opinion, _organization.c.name.label("organization"),
            (_account.c.last_name + _account.c.first_name).label("decider"),
        )
        .join(_organization, _organization.c.id == _task.c.organization_id)
        .outerjoin(_account, _account.c.id == _task.c.decided_by)
        .where(_task.c.case_id.in_(case_ids))
        .order_by(_task.c.case_id, _task.c.seq)
    ).mappings().all()


def withdrawable(task: Any, entries: Sequence[Any], user_id: int) -> bool:
    """Whether 撤回 of this decision can still be offered: one's own approval, and nobody after it has begun.

    `entries`: the history of its case. The engine decides; this spares people a button that is always refused.
    """
    if task["state"] != "approved" or task["decided_by"] != user_id:
        return False
    following = next(
        (row for row in entries if row["case_id"] == task["case_id"] and row["seq"] == task["seq"] + 1), None
    )
    if following is None:
        return bool(task["case_state"] == "approved")
    return following["state"] == "open" and following["claimed_by"] is None


def application_facts(session: Session, application_ids: Sequence[int]) -> dict[int, Any]:
    """What 申报情况 shows of each application (mappings by id): plan, year, route, specialty, title, dates."""
    rows = session.execute(
        select(
            _application.c.id, _application.c.plan_year, _application.c.route, _application.c.submitted_at,
            _plan.c.name.label("plan"), _specialty.c.name.label("specialty"), _title.c.name.label("title"),
        )
        .join(_plan, _plan.c.id == _application.c.plan_id)
        .join(_specialty, _specialty.c.id == _application.c.specialty_id)
        .join(_title, _title.c.id == _application.c.title_id)
        .where(_application.c.id.in_(application_ids))
    ).mappings()
    return {row["id"]: row for row in rows}


def current_task(session: Session, *, subject_type: str, subject_id: int, organization_id: int) -> Any | None:
    """The organization's newest task on a subject with state and route of its case (a mapping), or None.

    The open one if there is one; the page of a subject shows its buttons only then. `on_record`: a record of 诚信档案
    counts today.
    """
    on_record = exists().where(_record.c.person_id == _task.c.person_id, standing_on(deadlines.today()))
    return session.execute(
        select(*_COLUMNS, _task.c.organization_id, _task.c.person_id, _case.c.route, on_record.label("on_record"))
        .join(_case, _case.c.id == _task.c.case_id)
        .outerjoin(_person, _person.c.id == _task.c.person_id)
        .where(
            _task.c.subject_type == subject_type, _task.c.subject_id == subject_id,
            _task.c.organization_id == organization_id, _task.c.state != "withdrawn",
        )
        .order_by(_task.c.id.desc()).limit(1)
    ).mappings().first()


def cases_of(session: Session, *, subject_type: str, subject_id: int) -> Sequence[int]:
    """Ids of a subject's cases in order of their runs."""
    return session.scalars(
        select(_case.c.id)
        .where(_case.c.subject_type == subject_type, _case.c.subject_id == subject_id)
        .order_by(_case.c.run)
    ).all()


def due_dates(session: Session, rows: Sequence[Any], calendar: Calendar | None = None) -> dict[int, tuple[dt.date, str]]:
    """By task id, for open tasks: the day by which the node should decide, and its tone ("", warn, bad).

    So many working days after arrival as the setting says for the node. No statement with the inbox's `calendar` at
    hand or when nothing is open, else one.
    """
    waiting = [row for row in rows if row["state"] == "open"]
    if not waiting:
        return {}
    today = deadlines.today()
    arrived = {row["id"]: row["arrived_at"].astimezone(ZONE).date() for row in waiting}
    if calendar is None:
        calendar = Calendar(*setting_with_exceptions(
            session, key=DUE_DAYS, first=min(arrived.values()), last=max(arrived.values()) + CALENDAR
        ))
    found: dict[int, tuple[dt.date, str]] = {}
    for row in waiting:
        if row["node"] in calendar.days:
            due = after_working_days(arrived[row["id"]], calendar.days[row["node"]], calendar.exceptions)
            left = (due - today).days
            found[row["id"]] = (due, "bad" if left < 0 else "warn" if left <= SOON else "")
    return found
