"""Lifting the bar of a 终止: operations only, with a reason, on record."""

from __future__ import annotations

from sqlalchemy import select, update

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from app.outbox import enqueue
from app.transaction import transaction
from models.application import Application
from models.base import utcnow

_a = Application.__table__


def lift(*, application_id: int, reason: str, actor: Actor) -> None:
    """The terminated application no longer binds the plan year: the person may change it, or apply to another plan.

    The case stays terminated; what was decided is history.
    """
    if not actor.is_platform:
        raise NotAllowed("只有平台运维人员可以解除终止。")
    if not reason.strip() or len(reason) > 300:
        raise Invalid("请填写解除终止的原因（最多 300 字）。", {"reason": "请填写解除终止的原因（最多 300 字）。"})
    with transaction() as session:
        row = session.execute(select(_a).where(_a.c.id == application_id).with_for_update()).first()
        if row is None:
            raise NotFound("没有找到这份申报。")
        if row.state != "terminated":
            raise WrongState("只有已终止的申报可以解除终止。")
        done = session.execute(
            update(_a).where(_a.c.id == row.id, _a.c.version == row.version, _a.c.state == "terminated")
            .values(state="editing", submitted_at=None, decided_at=None, checked_version=None, version=row.version + 1,
                    updated_at=utcnow())
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("该申报的状态刚刚有变化，请刷新页面。")
        record_event(session, event=Event.APPLICATION_TERMINATION_LIFTED, subject_type="application",
                     subject_id=row.id, actor=actor, data={"reason": reason.strip(), "plan_year": row.plan_year})
        enqueue(session, kind="notify.termination_lifted", key=f"termination-lifted:{row.id}:{row.version}",
                payload={"application_id": row.id})
