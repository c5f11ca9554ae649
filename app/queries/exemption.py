"""免面试 as it is shown to reviewers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import Session

from models.application import Application
from models.case import Task
from models.plan import ReviewPlan
from models.result import ReviewResult

_a, _plan, _task, _result = Application.__table__, ReviewPlan.__table__, Task.__table__, ReviewResult.__table__


def convener_task(session: Session, application_id: int, organization_id: int) -> int | None:
    """The open task of an application at an organization."""
    return session.execute(select(_task.c.id).where(
        _task.c.subject_type == "application", _task.c.subject_id == application_id, _task.c.state == "open",
        _task.c.organization_id == organization_id,
    )).scalar()


def exemption_of(session: Session, application_id: int) -> Row[Any] | None:
    """The request of an application with the plan's terms, None when nobody asked. Who may see it is the caller's to check."""
    return session.execute(
        select(
            _a.c.version, _a.c.state, _a.c.exemption_state, _a.c.exemption_reason, _a.c.exemption_opinion,
            _a.c.exemption_decided_at, _plan.c.convener_id, _plan.c.exemption_note,
            exists().where(_result.c.application_id == _a.c.id).label("has_result"),
        ).join(_plan, _plan.c.id == _a.c.plan_id).where(_a.c.id == application_id, _a.c.exemption_state != "none")
    ).first()
