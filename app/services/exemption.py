"""免面试: the applicant asks for it with a reason, the plan's convener approves or refuses it.

It is asked for while the application can be edited, and decided when it has come to the convener, who cannot approve the
application before. What was approved stays so through a return; after a refusal another reason may be given.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, exists, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from app.outbox import enqueue
from app.queries.exemption import convener_task
from app.rules.field_values import clean_text
from app.services.application import bump, lock
from app.services.application_effects import SUBJECT
from app.transaction import transaction
from app.workflow import engine
from app.workflow.registry import CaseView, guard
from models.application import Application
from models.base import utcnow
from models.plan import ReviewPlan
from models.result import ReviewResult

LONGEST = 500
_a, _plan, _result = Application.__table__, ReviewPlan.__table__, ReviewResult.__table__


def ask(*, application_id: int, reason: str, actor: Actor) -> bool:
    """免面试: ask with a reason, or (empty) take the request back; False when nothing changes."""
    text = clean_text(reason, lines=True)
    if len(text) > LONGEST:
        raise Invalid(f"免面试的理由最多 {LONGEST} 字。", {"reason": f"最多 {LONGEST} 字。"})
    with transaction() as session:
        row = lock(session, application_id, actor)
        plan = session.execute(
            select(_plan.c.needs_interview, _plan.c.allows_exemption).where(_plan.c.id == row.plan_id)
        ).one()
        if not (plan.needs_interview and plan.allows_exemption):
            raise WrongState("本计划不需要面试，或不接受免面试申请。")
        if row.exemption_state == "approved":
            raise WrongState("组建单位已批准您免面试，不需要再次申请。")
        if text == row.exemption_reason:
            return False
        bump(session, row, exemption_reason=text, exemption_state="asked" if text else "none", exemption_opinion="",
             exemption_decided_at=None)
        record_event(session, event=Event.EXEMPTION_ASKED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"reason": text})
        return True


def decide(*, application_id: int, approved: bool, opinion: str, version: int | None, actor: Actor) -> None:
    """The convener's answer, which can be changed until the committee's vote is entered. A refusal says why."""
    text = clean_text(opinion, lines=True)
    if len(text) > LONGEST:
        raise Invalid(f"意见最多 {LONGEST} 字。", {"opinion": f"最多 {LONGEST} 字。"})
    with transaction() as session:
        row = _of_own_plan(session, application_id, actor)
        if row.exemption_state == "none":
            raise WrongState("申报人没有申请免面试，或已取消申请。")
        _require_in_hand(session, row, actor)
        if version is not None and version != row.version:
            raise Conflict("这份申报刚刚有变化，请核对后再决定。")
        if not approved and not text:
            raise Invalid("请填写不批准免面试的原因。", {"opinion": "请填写不批准免面试的原因。"})
        state = "approved" if approved else "refused"
        bump(session, row, exemption_state=state, exemption_opinion=text, exemption_decided_at=utcnow())
        record_event(session, event=Event.EXEMPTION_DECIDED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"old": row.exemption_state, "new": state, "opinion": text})
        enqueue(session, kind="notify.exemption_decided", key=f"exemption:{row.id}:{row.version}",
                payload={"application_id": row.id})


def _of_own_plan(session: Session, application_id: int, actor: Actor) -> Row[Any]:
    row = session.execute(select(_a).where(_a.c.id == application_id).with_for_update()).first()
    convener = row and session.execute(select(_plan.c.convener_id).where(_plan.c.id == row.plan_id)).scalar()
    if row is None or actor.organization_id is None or convener != actor.organization_id:
        raise NotFound("没有找到这份申报，它可能不属于本单位组建的评委会。")
    return row


def _require_in_hand(session: Session, row: Row[Any], actor: Actor) -> None:
    """The case is at the convener and in the actor's hand, or has passed it and nobody has voted."""
    task_id = convener_task(session, row.id, actor.organization_id or 0)
    if task_id is not None:
        engine.task_in_hand(session, task_id=task_id, actor=actor)
        return
    if row.state != "approved":
        raise WrongState("申报送达本单位后才能审核免面试申请。")
    if row.person_id == actor.person_id:
        raise NotAllowed("不能审核自己的申请，请由本单位其他管理员审核。")
    if session.execute(select(exists().where(_result.c.application_id == row.id))).scalar():
        raise WrongState("该申报已录入评审结果，不能再更改免面试的审核。")


_ASKED = select(_a.c.exemption_state, _plan.c.convener_id).join(_plan, _plan.c.id == _a.c.plan_id).where(
    _a.c.id == bindparam("of_application")
)


@guard("application", "approve")
def _decided_first(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """The convener answers the request before the application leaves it."""
    row = session.connection().execute(_ASKED, {"of_application": case.subject_id}).first()
    if row is not None and row.exemption_state == "asked" and row.convener_id == case.organization_id:
        raise WrongState("申报人申请了免面试，请先在“免面试申请”中批准或不批准，再审核通过。")
