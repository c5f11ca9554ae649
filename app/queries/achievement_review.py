"""The review of achievements: open tasks, 流程, what was said on return, the next one to review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from models.account import Account
from models.achievement import Achievement, AchievementRemark
from models.case import Case, Task
from models.organization import Organization

_achievement, _remark = Achievement.__table__, AchievementRemark.__table__
_task, _case, _account = Task.__table__, Case.__table__, Account.__table__
_organization = Organization.__table__


@dataclass(frozen=True)
class OpenTask:
    """Where a submitted item waits. `claimer`: the name of who claimed it, `claimed_by` their account."""

    id: int
    version: int
    title: str
    claimed_by: int | None
    claimer: str


def open_tasks(session: Session, organization_id: int, achievement_ids: Sequence[int]) -> dict[int, OpenTask]:
    """The unit's open tasks over these items, by achievement id."""
    rows = session.execute(
        select(
            _case.c.subject_id, _task.c.id, _task.c.version, _task.c.title, _task.c.claimed_by,
            (_account.c.last_name + _account.c.first_name).label("claimer"),
        )
        .join(_task, _task.c.case_id == _case.c.id)
        .outerjoin(_account, _account.c.id == _task.c.claimed_by)
        .where(
            _case.c.subject_type == "achievement", _case.c.subject_id.in_(achievement_ids), _case.c.state == "open",
            _task.c.state == "open", _task.c.organization_id == organization_id,
        )
    )
    return {
        row.subject_id: OpenTask(row.id, row.version, row.title, row.claimed_by, row.claimer or "") for row in rows
    }


def flow(session: Session, achievement_id: int, *, organization_id: int | None = None) -> Sequence[RowMapping]:
    """流程: the tasks of every submission of an item, oldest first; a unit is shown its own ones only."""
    statement = (
        select(
            _task.c.id, _task.c.version, _task.c.procedure, _task.c.title, _task.c.case_id, _task.c.seq, _task.c.node, _task.c.state,
            _task.c.claimed_by, _task.c.decided_by, _task.c.arrived_at, _task.c.decided_at, _task.c.opinion,
            _organization.c.name.label("organization"),
            (_account.c.last_name + _account.c.first_name).label("decider"),
        )
        .join(_case, _case.c.id == _task.c.case_id)
        .join(_organization, _organization.c.id == _task.c.organization_id)
        .outerjoin(_account, _account.c.id == _task.c.decided_by)
        .where(_case.c.subject_type == "achievement", _case.c.subject_id == achievement_id)
        .order_by(_task.c.id)
    )
    if organization_id is not None:
        statement = statement.where(_task.c.organization_id == organization_id)
    return session.execute(statement).mappings().all()


def open_case(session: Session, achievement_id: int) -> int | None:
    """The case under review over an item, if any."""
    return session.scalar(select(_case.c.id).where(
        _case.c.subject_type == "achievement", _case.c.subject_id == achievement_id, _case.c.state == "open"
    ))


def return_opinions(session: Session, achievement_ids: Sequence[int]) -> dict[int, str]:
    """The opinion of the last return of each item, by achievement id."""
    rows = session.execute(
        select(_case.c.subject_id, _task.c.opinion)
        .join(_task, _task.c.case_id == _case.c.id)
        .where(
            _case.c.subject_type == "achievement", _case.c.subject_id.in_(achievement_ids),
            _case.c.state == "returned", _task.c.state == "returned",
        )
        .order_by(_task.c.id)
    )
    return {row.subject_id: row.opinion for row in rows}


def remarks(session: Session, achievement_id: int) -> dict[str, str]:
    """What the unit said about single fields when it returned an item, by field key."""
    return {row.field_key: row.text for row in session.execute(
        select(_remark.c.field_key, _remark.c.text).where(_remark.c.achievement_id == achievement_id)
    )}


def next_to_review(
    session: Session, *, organization_id: int, kind_id: int | None, user_id: int, shared: bool, after: int
) -> int | None:
    """The item to open after a decision: the next older one this administrator may decide, else the newest."""
    mine = _task.c.claimed_by == user_id
    statement = (
        select(_achievement.c.id)
        .join(_case, (_case.c.subject_type == "achievement") & (_case.c.subject_id == _achievement.c.id))
        .join(_task, _task.c.case_id == _case.c.id)
        .where(
            _achievement.c.organization_id == organization_id,
            *([_achievement.c.kind_id == kind_id] if kind_id is not None else []),
            _achievement.c.state == "reviewing", _case.c.state == "open", _task.c.state == "open",
            mine if shared else mine | _task.c.claimed_by.is_(None), _achievement.c.id != after,
        )
        .order_by((_achievement.c.id > after), _achievement.c.id.desc()).limit(1)
    )
    return session.scalar(statement)
