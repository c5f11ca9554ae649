"""委托: 上传委托函 by the unit, 查收 or 退回 by the convener."""

from __future__ import annotations

from typing import IO, Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.outbox import enqueue
from app.rules.upload import UploadPolicy
from app.services import file as files
from app.transaction import current_session, transaction
from models.base import utcnow
from models.commission import COMMISSION_STATES, CommissionLetter
from models.plan import ReviewPlan

SUBJECT, SLOT = "commission_letter", "letter"
POLICY = UploadPolicy(("pdf", "png", "jpg", "doc", "docx"), 10, 1)
_letter, _plan = CommissionLetter.__table__, ReviewPlan.__table__


def upload(
    *, plan_id: int, name: str, headcount: str, stream: IO[bytes] | None, filename: str, actor: Actor
) -> int:
    """上传委托函 for a published plan; the letter's id."""
    wrong: dict[str, str] = {}
    if not name.strip() or len(name.strip()) > 100:
        wrong["name"] = "请填写委托名称（最多 100 字）。"
    text = headcount.strip()
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= 99999):
        wrong["headcount"] = "委托人数请填写 1 至 99999 的整数。"
    if stream is None or not filename:
        wrong["files"] = "请选择签字盖章后的委托评审函。"
    if wrong or stream is None:
        raise Invalid("委托函信息填写有误，请按提示修改。", wrong)
    if actor.organization_id is None:
        raise NotFound("当前账号不属于任何单位。")
    plan = current_session().execute(select(_plan.c.convener_id, _plan.c.state).where(_plan.c.id == plan_id)).first()
    if plan is None or plan.state == "draft":
        raise NotFound("没有找到这个评审计划。")
    file = files.store_upload(stream=stream, filename=filename, policy=POLICY, actor=actor,
                              organization_id=actor.organization_id)
    now = utcnow()
    with transaction() as session:
        letter_id: int = session.execute(insert(_letter).values(
            organization_id=actor.organization_id, plan_id=plan_id, convener_id=plan.convener_id, name=name.strip(),
            headcount=int(text), state="sent", reason="", created_by=actor.user_id, created_at=now, updated_at=now,
            version=1,
        ).returning(_letter.c.id)).scalar_one()
        files.attach(file_id=file.id, subject_type=SUBJECT, subject_id=letter_id, slot=SLOT, name=file.name, actor=actor,
                     person_id=None)
        record_event(session, event=Event.COMMISSION_SENT, subject_type=SUBJECT, subject_id=letter_id, actor=actor,
                     data={"plan": plan_id, "name": name.strip(), "headcount": int(text)})
        enqueue(session, kind="notify.commission", key=f"commission:{letter_id}:sent", payload={"letter_id": letter_id})
        return letter_id


def receive(*, letter_id: int, actor: Actor) -> None:
    """查收 by the convener."""
    _decide(letter_id, "received", "", actor, Event.COMMISSION_RECEIVED)


def return_(*, letter_id: int, reason: str, actor: Actor) -> None:
    """退回 with the reason; the unit uploads another."""
    if not reason.strip() or len(reason) > 300:
        raise Invalid("请填写退回原因（最多 300 字）。", {"reason": "请填写退回原因（最多 300 字）。"})
    _decide(letter_id, "returned", reason.strip(), actor, Event.COMMISSION_RETURNED)


def _decide(letter_id: int, state: str, reason: str, actor: Actor, event: Event) -> None:
    with transaction() as session:
        row = _for_convener(session, letter_id, actor)
        if row.state != "sent":
            raise WrongState(f"该委托函的状态为“{COMMISSION_STATES[row.state]}”，不能再办理。")
        done = session.execute(
            update(_letter).where(_letter.c.id == row.id, _letter.c.state == "sent", _letter.c.version == row.version)
            .values(state=state, reason=reason, decided_at=utcnow(), updated_at=utcnow(), version=row.version + 1)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("该委托函刚刚已由其他管理员办理，请刷新页面。")
        record_event(session, event=event, subject_type=SUBJECT, subject_id=row.id, actor=actor, data={"reason": reason})
        enqueue(session, kind="notify.commission", key=f"commission:{row.id}:{state}", payload={"letter_id": row.id})


def _for_convener(session: Session, letter_id: int, actor: Actor) -> Row[Any]:
    row = session.execute(select(_letter).where(_letter.c.id == letter_id).with_for_update()).first()
    if row is None or actor.organization_id is None or row.convener_id != actor.organization_id:
        raise NotFound("没有找到这份委托函。")
    return row
