"""代办: name a colleague who decides in one's place for some days, and call it off."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, select, update

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotFound, WrongState
from app.rules import deadlines
from app.transaction import transaction
from models.account import Account
from models.base import utcnow
from models.substitution import Substitution

_MOST_DAYS = 366
_substitution, _account = Substitution.__table__, Account.__table__


def appoint(*, substitute_id: int | None, begins_on: dt.date | None, ends_on: dt.date | None, actor: Actor) -> int:
    """From `begins_on` up to and including `ends_on` the colleague may decide what the actor has claimed."""
    wrong: dict[str, str] = {}
    today = deadlines.today()
    if substitute_id is None or substitute_id == actor.user_id:
        wrong["substitute_id"] = "请选择代办的管理员。"
    if begins_on is None or ends_on is None:
        wrong["ends_on"] = "请填写代办的开始日期和结束日期。"
    elif ends_on < begins_on or ends_on < today:
        wrong["ends_on"] = "结束日期不能早于开始日期和今天。"
    elif (ends_on - begins_on).days > _MOST_DAYS:
        wrong["ends_on"] = "代办时间最长一年。"
    if wrong:
        raise Invalid("代办信息填写有误，请按提示修改。", wrong)
    with transaction() as session:
        colleague = session.execute(
            select(_account.c.id).where(
                _account.c.id == substitute_id, _account.c.organization_id == (actor.organization_id or 0),
                _account.c.active.is_(True),
            )
        ).first()
        if colleague is None:
            raise Invalid("请选择本单位的其他管理员。", {"substitute_id": "请选择本单位的其他管理员。"})
        made: int = session.execute(insert(_substitution).values(
            organization_id=actor.organization_id, user_id=actor.user_id, substitute_id=substitute_id,
            begins_on=begins_on, ends_on=ends_on, created_at=utcnow(),
        ).returning(_substitution.c.id)).scalar_one()
        record_event(session, event=Event.SUBSTITUTE_APPOINTED, subject_type="substitution", subject_id=made, actor=actor,
                     data={"substitute": substitute_id, "from": begins_on, "to": ends_on})
        return made


def call_off(*, substitution_id: int, actor: Actor) -> None:
    """End it early; only who appointed."""
    with transaction() as session:
        row = session.execute(
            select(_substitution).where(_substitution.c.id == substitution_id).with_for_update()
        ).first()
        if row is None or row.user_id != actor.user_id:
            raise NotFound("没有找到这条代办设置。")
        if row.ended_at is not None or row.ends_on < deadlines.today():
            raise WrongState("该代办已经结束。")
        session.execute(update(_substitution).where(_substitution.c.id == row.id).values(ended_at=utcnow()))
        record_event(session, event=Event.SUBSTITUTE_CALLED_OFF, subject_type="substitution", subject_id=row.id, actor=actor)
