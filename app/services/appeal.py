"""复查: asking for it, taking it back; and what its end does to the result or the record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from app.permissions import require
from app.queries import appeal as queries
from app.rules import deadlines
from app.rules.routing import Stop
from app.rules.upload import UploadPolicy
from app.services import file as files
from app.services import integrity
from app.transaction import current_session, transaction
from app.workflow import engine
from app.workflow.registry import CaseView, effect
from models.appeal import APPEAL_STATES, Appeal
from models.base import utcnow
from models.case import Case
from models.integrity import IntegrityRecord
from models.organization import Organization
from models.result import ReviewResult

SUBJECT, SLOT = "appeal", "evidence"
POLICY = UploadPolicy(("pdf", "png", "jpg", "doc", "docx"), 10, 10)
LEAST_REASON, MOST_REASON = 10, 2000
_ap, _i, _r, _case = Appeal.__table__, IntegrityRecord.__table__, ReviewResult.__table__, Case.__table__
_organization = Organization.__table__


def submit(*, ground: str, subject_id: int, reason: str, actor: Actor) -> int:
    """申请复查 of a result (`subject_id`: the application) or of a record, once, within its period; the request's id."""
    text = reason.strip()
    if not LEAST_REASON <= len(text) <= MOST_REASON:
        sentence = f"请写明复查的事实和理由，{LEAST_REASON} 至 {MOST_REASON} 字。"
        raise Invalid(sentence, {"reason": sentence})
    with transaction() as session:
        values, name = _subject(session, ground, subject_id, actor)
        now = utcnow()
        try:
            appeal_id: int = session.execute(insert(_ap).values(
                ground=ground, person_id=actor.person_id, reason=text, state="reviewing", answer="", version=1, created_at=now,
                updated_at=now, **values,
            ).returning(_ap.c.id)).scalar_one()
        except IntegrityError:
            raise WrongState("已经申请过复查，每个事项只能申请一次。请在“个人中心—诚信档案”查看办理情况。") from None
        organization = session.execute(
            select(_organization.c.name).where(_organization.c.id == values["organization_id"])).scalar_one()
        case_id = engine.start(
            session, procedure="appeal", subject_type=SUBJECT, subject_id=appeal_id, title=f"{actor.name}-复查申请-{name}"[:200],
            route=[Stop("appeal", values["organization_id"], organization)], actor=actor, person_id=actor.person_id, employer_id=None,
        )
        record_event(session, event=Event.APPEAL_SUBMITTED, subject_type=SUBJECT, subject_id=appeal_id, actor=actor,
                     data={"ground": ground, "subject": subject_id, "case": case_id, "reason": text})
        return appeal_id


def _subject(session: Session, ground: str, subject_id: int, actor: Actor) -> tuple[dict[str, Any], str]:
    """(columns of the request, the subject's name); refused when it is not the person's, not open to it, or too late."""
    if ground == "result":
        standing = queries.result_standing(session, subject_id)
        if standing is None or actor.person_id is None or standing.row.person_id != actor.person_id:
            raise NotFound("没有找到可以申请复查的评审结果，它可能尚未公布。")
        if standing.appeal is not None and standing.appeal.state != "withdrawn":
            raise WrongState("已经申请过复查，每个事项只能申请一次。请在“个人中心—诚信档案”查看办理情况。")
        if standing.last_day is None:
            raise WrongState("评审结果为通过，不需要申请复查。")
        last_day, name = standing.last_day, standing.row.plan
        values = {"application_id": subject_id, "organization_id": standing.row.convener_id}
    elif ground == "integrity":
        row = session.execute(select(_i).where(_i.c.id == subject_id)).first()
        if row is None or actor.person_id is None or row.person_id != actor.person_id:
            raise NotFound("没有找到这条诚信档案记录。")
        if row.revoked_on is not None:
            raise WrongState("该记录已解除，不需要申请复查。")
        if row.organization_id is None:
            raise WrongState("该记录由平台记入，请联系平台客服复查。")
        last_day, name = queries.last_day_of_record(session, row), row.category_name
        values = {"record_id": subject_id, "organization_id": row.organization_id}
    else:
        raise NotFound("没有这类复查事项，请返回后重试。")
    if deadlines.today() > last_day:
        raise WrongState(f"申请复查的期限已于 {last_day.isoformat()} 届满，不能再申请。")
    return values, name


def withdraw(*, appeal_id: int, actor: Actor) -> None:
    """撤回 while nobody has taken it up."""
    with transaction() as session:
        row = _lock(session, appeal_id)
        require("own.edit", actor, row)
        case_id = session.execute(
            select(_case.c.id).where(_case.c.subject_type == SUBJECT, _case.c.subject_id == row.id, _case.c.state == "open")
        ).scalar()
        if row.state != "reviewing" or case_id is None:
            raise WrongState(f"该复查申请的状态为“{APPEAL_STATES[row.state]}”，不能撤回。")
        engine.cancel(session, case_id=case_id, actor=actor)


def _lock(session: Session, appeal_id: int) -> Row[Any]:
    row = session.execute(select(_ap).where(_ap.c.id == appeal_id).with_for_update()).first()
    if row is None:
        raise NotFound("没有找到这份复查申请。")
    return row


def _slot_rule(subject_id: int, slot: str, actor: Actor) -> files.Editable:
    """The person adds evidence while it is being looked at."""
    row = current_session().execute(select(_ap.c.person_id, _ap.c.state).where(_ap.c.id == subject_id)).first()
    if row is None or slot != SLOT:
        raise NotFound("没有找到这份复查申请。")
    require("own.edit", actor, row)
    if row.state != "reviewing":
        raise WrongState(f"该复查申请的状态为“{APPEAL_STATES[row.state]}”，不能再补充材料。")
    return files.Editable(POLICY, row.person_id)


files.register_editable(SUBJECT, _slot_rule)


# What the end of a case does, in the engine's transaction


def _end(session: Session, case: CaseView, actor: Actor, state: str, answer: str) -> Row[Any]:
    row = _lock(session, case.subject_id)
    decided = {"answer": answer, "decided_at": utcnow()} if state != "withdrawn" else {}
    done = session.execute(
        update(_ap).where(_ap.c.id == row.id, _ap.c.version == row.version, _ap.c.state == "reviewing")
        .values(state=state, version=row.version + 1, updated_at=utcnow(), **decided)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("该复查申请的状态刚刚有变化，请刷新页面。")
    event = Event.APPEAL_WITHDRAWN if state == "withdrawn" else Event.APPEAL_DECIDED
    record_event(session, event=event, subject_type=SUBJECT, subject_id=row.id, actor=actor, data={"result": state, "answer": answer})
    return row


@effect("appeal", "approved")
def _upheld(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """复查成立: the vote is open for a new one, the objection is turned down, or the record is lifted."""
    row = _end(session, case, actor, "upheld", opinion)
    if row.record_id is not None:
        record = session.execute(select(_i).where(_i.c.id == row.record_id).with_for_update()).one()
        integrity.lift_row(session, record, f"复查成立：{opinion}", actor)
        return
    result = session.execute(select(_r).where(_r.c.application_id == row.application_id).with_for_update()).one()
    if result.outcome == "failed":
        changed: dict[str, Any] = {"announced_on": None}
    else:
        changed = {"objection_state": "rejected", "objection_reply": f"复查成立：{opinion}"[:2000]}
    session.execute(
        update(_r).where(_r.c.id == result.id).values(version=result.version + 1, updated_at=utcnow(), **changed))
    record_event(session, event=Event.RESULT_SETTLED, subject_type="application", subject_id=row.application_id, actor=actor,
                 data={"appeal": row.id, **changed})


@effect("appeal", "returned")
def _kept(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """维持原决定."""
    _end(session, case, actor, "rejected", opinion)


@effect("appeal", "withdrawn")
def _withdrawn(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    _end(session, case, actor, "withdrawn", "")


@effect("appeal", "reopened")
def _refuse_reopening(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    raise NotAllowed("复查已经答复，不能撤回。")
