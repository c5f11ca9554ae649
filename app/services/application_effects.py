"""What the end of a case does to its application. Registered with the engine on import, run in its transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, exists, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, NotFound, WrongState
from app.services import post_quota
from app.workflow.registry import CaseView, effect
from models.application import Application
from models.base import utcnow
from models.case import Case
from models.certificate import Certificate
from models.result import ReviewResult

SUBJECT = "application"
EDITABLE = ("editing", "returned")
_a, _case, _certificate, _result = Application.__table__, Case.__table__, Certificate.__table__, ReviewResult.__table__


def certificate_key(application_id: int) -> str:
    """The key of the job that issues the certificate: one per application."""
    return f"certificate:{application_id}"


def _change(session: Session, case: CaseView, expected: str, **values: Any) -> Row[Any]:
    row = session.execute(select(_a).where(_a.c.id == case.subject_id).with_for_update()).first()
    if row is None:
        raise NotFound("没有找到这份申报。")
    done = session.execute(
        update(_a).where(_a.c.id == row.id, _a.c.state == expected, _a.c.version == row.version)
        .values(version=row.version + 1, updated_at=utcnow(), **values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("该申报的状态刚刚有变化，请刷新页面。")
    return row


def _record(session: Session, event: Event, case: CaseView, actor: Actor, **data: Any) -> None:
    record_event(session, event=event, subject_type=SUBJECT, subject_id=case.subject_id, actor=actor,
                 data={"case": case.id, "run": case.run, **data})


@effect("application", "approved")
def approved(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """审核通过: the committee votes; certificates are ordered when its result stands (app.services.result)."""
    _change(session, case, "reviewing", state="approved", decided_at=utcnow())
    _record(session, Event.APPLICATION_DECIDED, case, actor, result="approved", opinion=opinion)


@effect("application", "returned")
def returned(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """退回: the applicant edits and submits again; a check has to be made anew."""
    _change(session, case, "reviewing", state="returned", checked_version=None)
    post_quota.release(session, case_id=case.id, actor=actor)
    _record(session, Event.APPLICATION_DECIDED, case, actor, result="returned", opinion=opinion)


@effect("application", "terminated")
def terminated(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """终止: `submitted_at` stays, so the plan year stays barred."""
    _change(session, case, "reviewing", state="terminated", decided_at=utcnow())
    post_quota.release(session, case_id=case.id, actor=actor)
    _record(session, Event.APPLICATION_DECIDED, case, actor, result="terminated", opinion=opinion)


@effect("application", "withdrawn")
def withdrawn(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """撤回 by the applicant: back to where it was; a first submission no longer binds the plan year."""
    was_returned = session.execute(
        select(exists().where(
            _case.c.subject_type == SUBJECT, _case.c.subject_id == case.subject_id, _case.c.state == "returned"
        ))
    ).scalar()
    values: dict[str, Any] = {"state": "returned"} if was_returned else {"state": "editing", "submitted_at": None}
    _change(session, case, "reviewing", checked_version=None, **values)
    post_quota.release(session, case_id=case.id, actor=actor)
    _record(session, Event.APPLICATION_WITHDRAWN, case, actor)


@effect("application", "reopened")
def reopened(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """The last approval is taken back: possible only while no result of the committee and no certificate exists."""
    if session.execute(select(exists().where(_certificate.c.application_id == case.subject_id))).scalar():
        raise WrongState("该申报已生成职称证书，不能撤回审核。如确有错误，请由发证机关办理证书撤销。")
    if session.execute(select(exists().where(_result.c.application_id == case.subject_id))).scalar():
        raise WrongState("该申报已录入评审结果，不能撤回审核。")
    _change(session, case, "approved", state="reviewing", decided_at=None)
    _record(session, Event.APPLICATION_DECIDED, case, actor, result="reopened")
