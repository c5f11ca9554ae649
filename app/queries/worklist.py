"""任务中心: an organization's tasks, paged by key, with the counts of the tabs from the counters.

All statements are Core and name the organization themselves; none of them counts or skips rows, so a page costs the
same with a thousand tasks as with a million.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotAllowed
from app.queries.holiday import setting_with_exceptions
from app.queries.integrity import standing_on
from app.queries.search import people
from app.rules import deadlines
from app.rules.deadlines import ZONE
from app.rules.workdays import after_working_days
from models.account import Account
from models.application import Application
from models.case import Case, Task, TaskCounter
from models.integrity import IntegrityRecord
from models.organization import Organization
from models.person import Person
from models.plan import ReviewPlan
from models.series import Specialty, Title
from models.substitution import Substitution

TABS = {"todo": "待处理", "unclaimed": "待领取", "mine": "我已处理", "decided": "所有已处理"}
APPLICATION_TABS = {"todo": "待审核", "unclaimed": "待领取", "decided": "已审核", "returned": "被退回", "all": "全部"}
PAGE_SIZE = 20
COLLEAGUES = 50
DUE_DAYS = "review.due_days"
SOON = 2  # days before the due date from which a task is marked
HOLIDAYS_AHEAD = dt.timedelta(days=366)  # more than any node is given to decide
_substitution = Substitution.__table__
_task, _case, _counter = Task.__table__, Case.__table__, TaskCounter.__table__
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


@dataclass(frozen=True)
class Inbox:
    """Whose tasks. `shared`: the organization has several administrators, who claim before they decide."""

    organization_id: int
    user_id: int
    shared: bool
    colleagues: tuple[tuple[int, str], ...] = ()  # (account, name) of the other administrators
    stands_in_for: frozenset[int] = frozenset()  # colleagues whose claimed tasks are the user's to decide today

    @property
    def holders(self) -> list[int]:
        """The accounts whose claimed tasks the user decides."""
        return sorted({self.user_id, *self.stands_in_for})


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


def inbox_of(session: Session, actor: Actor) -> Inbox:
    """The inbox of an administrator of an organization; NotAllowed for anybody else."""
    if actor.organization_id is None or actor.user_id is None:
        raise NotAllowed("当前账号不属于任何单位，请使用单位管理员账号登录。")
    others = session.execute(
        select(_account.c.id, (_account.c.last_name + _account.c.first_name).label("name")).where(
            _account.c.organization_id == actor.organization_id, _account.c.active.is_(True),
            _account.c.id != actor.user_id,
        ).order_by(_account.c.id).limit(COLLEAGUES)
    ).all()
    absent: frozenset[int] = frozenset()
    if others:
        today = deadlines.today()
        absent = frozenset(session.execute(
            select(_substitution.c.user_id).where(
                _substitution.c.substitute_id == actor.user_id, _substitution.c.ends_on >= today,
                _substitution.c.begins_on <= today, _substitution.c.ended_at.is_(None),
            )
        ).scalars())
    return Inbox(
        actor.organization_id, actor.user_id, bool(others), tuple((row.id, row.name) for row in others), absent
    )


def tab_counts(session: Session, inbox: Inbox, *, procedure: str = "") -> dict[str, int]:
    """How many tasks stand under each tab, from the counters; one query of a handful of rows."""
    rows = session.execute(
        select(_counter.c.pile, _counter.c.user_id, func.sum(_counter.c.n).label("n"))
        .where(
            _counter.c.organization_id == inbox.organization_id,
            *([_counter.c.procedure == procedure] if procedure else []),
        )
        .group_by(_counter.c.pile, _counter.c.user_id)
    ).all()
    counts = dict.fromkeys({**TABS, **APPLICATION_TABS}, 0)
    for row in rows:
        counts["all"] += row.n
        if row.pile in ("decided", "returned"):
            counts["decided"] += row.n
            counts["returned"] += row.n if row.pile == "returned" else 0
            counts["mine"] += row.n if row.user_id == inbox.user_id else 0
        elif row.pile == "claimed":
            counts["todo"] += row.n if row.user_id in inbox.holders else 0
        else:
            counts["unclaimed" if inbox.shared else "todo"] += row.n
    return counts


def _tab(inbox: Inbox, tab: str) -> list[ColumnElement[bool]]:
    organization = _task.c.organization_id == inbox.organization_id
    if tab == "todo":
        mine = _task.c.claimed_by == inbox.user_id if not inbox.stands_in_for else _task.c.claimed_by.in_(inbox.holders)
        return [organization, _task.c.state == "open", mine if inbox.shared else or_(mine, _task.c.claimed_by.is_(None))]
    if tab == "unclaimed":
        waiting = _task.c.claimed_by.is_(None) if inbox.shared else false()
        return [organization, _task.c.state == "open", waiting]
    if tab == "open":
        return [organization, _task.c.state == "open", or_(_task.c.claimed_by == inbox.user_id, _task.c.claimed_by.is_(None))]
    if tab == "all":
        return [organization, _task.c.state != "withdrawn"]
    if tab == "returned":
        return [organization, _task.c.state == "returned"]
    decided = [organization, _task.c.state != "open", _task.c.state != "withdrawn"]
    return decided + ([_task.c.decided_by == inbox.user_id] if tab == "mine" else [])


def _filtered(inbox: Inbox, tab: str, filters: Filters) -> Select[Any]:
    statement = (
        select(*_COLUMNS)
        .join(_case, _case.c.id == _task.c.case_id)
        .outerjoin(_person, _person.c.id == _task.c.person_id)
        .where(*_tab(inbox, tab))
    )
    if filters.procedure:
        statement = statement.where(_task.c.procedure == filters.procedure)
    if filters.subject_type:
        statement = statement.where(_task.c.subject_type == filters.subject_type)
    if filters.node:
        statement = statement.where(_task.c.node == filters.node)
    if filters.case_node:
        statement = statement.where(_case.c.node == filters.case_node)
    if filters.year is not None:
        statement = statement.where(
            _task.c.subject_type == "application",
            _task.c.subject_id.in_(select(_application.c.id).where(_application.c.plan_year == filters.year)),
        )
    if filters.text:
        statement = statement.where(
            _task.c.title.contains(filters.text, autoescape=True) | people(filters.text, _person)
        )
    return statement


def tasks_page(
    session: Session, inbox: Inbox, *, tab: str, filters: Filters | None = None, before: int | None = None,
    after: int | None = None, size: int = PAGE_SIZE,
) -> Page:
    """A page of the inbox by key: `before` goes to older tasks, `after` back to newer ones; ids of tasks.

    `tab`: a key of TABS or APPLICATION_TABS, or "open" for 待处理 and 待领取 together.
    """
    statement = _filtered(inbox, tab, filters or Filters())
    if after is not None:
        found = session.execute(
            statement.where(_task.c.id > after).order_by(_task.c.id).limit(size + 1)
        ).mappings().all()
        rows = list(reversed(found[:size]))
        return Page(rows, older=rows[-1]["id"] if rows else None, newer=rows[0]["id"] if len(found) > size else None)
    if before is not None:
        statement = statement.where(_task.c.id < before)
    found = session.execute(statement.order_by(_task.c.id.desc()).limit(size + 1)).mappings().all()
    rows = list(found[:size])
    return Page(
        rows, older=rows[-1]["id"] if len(found) > size else None, newer=rows[0]["id"] if before and rows else None
    )


def next_task(session: Session, inbox: Inbox, *, after_task_id: int, subject_type: str) -> int | None:
    """The task to open after a decision: the next older one of the same kind under 待处理, else the newest."""
    statement = select(_task.c.id).where(*_tab(inbox, "todo"), _task.c.subject_type == subject_type)
    older = session.execute(
        statement.where(_task.c.id < after_task_id).order_by(_task.c.id.desc()).limit(1)
    ).scalar()
    if older is not None:
        return int(older)
    newest: int | None = session.execute(
        statement.where(_task.c.id != after_task_id).order_by(_task.c.id.desc()).limit(1)
    ).scalar()
    return newest


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


def due_dates(session: Session, rows: Sequence[Any]) -> dict[int, tuple[dt.date, str]]:
    """By task id, for open tasks: the day by which the node should decide, and its tone ("", warn, bad).

    So many working days after arrival as the setting says for the node. One statement, none when nothing is open.
    """
    waiting = [row for row in rows if row["state"] == "open"]
    if not waiting:
        return {}
    today = deadlines.today()
    arrived = {row["id"]: row["arrived_at"].astimezone(ZONE).date() for row in waiting}
    days, holidays = setting_with_exceptions(
        session, key=DUE_DAYS, first=min(arrived.values()), last=max(arrived.values()) + HOLIDAYS_AHEAD
    )
    found: dict[int, tuple[dt.date, str]] = {}
    for row in waiting:
        if row["node"] in days:
            due = after_working_days(arrived[row["id"]], days[row["node"]], holidays)
            left = (due - today).days
            found[row["id"]] = (due, "bad" if left < 0 else "warn" if left <= SOON else "")
    return found
