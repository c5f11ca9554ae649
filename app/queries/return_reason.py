"""退回原因 as both sides read them.

The applicant's pages ask `last_reasons(session, application_id)`: (page, text) of the last return, in order, where `page`
is the key of a filling page ("basic", "education", "section-12", "attachments" …) or empty for the whole application.
流程 asks `reasons_of_tasks`. Both are Core statements: who may see the application or the tasks is the caller's to check.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.rules.return_reason import Reason
from models.case import Task
from models.return_reason import ReturnReason

_reason, _task = ReturnReason.__table__, Task.__table__


def last_reasons(session: Session, application_id: int) -> list[Reason]:
    """Those of the last return of an application; one query. Empty when it was returned with a plain opinion."""
    last = select(func.max(_task.c.id)).where(
        _task.c.subject_type == "application", _task.c.subject_id == application_id, _task.c.state == "returned"
    ).scalar_subquery()
    rows = session.execute(
        select(_reason.c.page, _reason.c.text).where(_reason.c.task_id == last).order_by(_reason.c.position)
    )
    return [Reason(row.page, row.text) for row in rows]


def reasons_of_tasks(session: Session, task_ids: Sequence[int]) -> dict[int, list[Reason]]:
    """By task; one query, none without tasks."""
    found: dict[int, list[Reason]] = {}
    if task_ids:
        for row in session.execute(
            select(_reason.c.task_id, _reason.c.page, _reason.c.text)
            .where(_reason.c.task_id.in_(task_ids)).order_by(_reason.c.task_id, _reason.c.position)
        ):
            found.setdefault(row.task_id, []).append(Reason(row.page, row.text))
    return found
