"""我的意见: a reviewer keeps, changes and drops opinions of their own. 公共意见 are kept in the generated screen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.queries.opinion_template import OWN_LIMIT
from app.rules.field_values import clean_text
from app.rules.opinion import PRINTED
from app.transaction import transaction
from app.workflow.definitions import PROCEDURES
from models.base import utcnow
from models.opinion_template import OPINION_ACTIONS, OpinionTemplate

MAX_LENGTH = PRINTED
_template = OpinionTemplate.__table__


def keep(*, text: str, action: str, procedure: str, actor: Actor) -> int:
    """存为我的意见; the id. One that is kept already is left as it is."""
    with transaction() as session:
        user_id, wanted = _user(actor), _checked(text, action, procedure)
        mine = _template.c.user_id == user_id
        present: int | None = session.scalar(select(_template.c.id).where(
            mine, _template.c.procedure == procedure, _template.c.action == action, _template.c.text == wanted
        ))
        if present is not None:
            return present
        count: int = session.scalar(select(func.count()).select_from(_template).where(mine)) or 0
        if count >= OWN_LIMIT:
            raise Invalid(f"“我的意见”最多保存 {OWN_LIMIT} 条，请先删除不常用的。",
                          {"text": f"最多保存 {OWN_LIMIT} 条。"})
        now = utcnow()
        template_id: int = session.execute(insert(_template).values(
            user_id=user_id, procedure=procedure, action=action, text=wanted, position=count + 1, enabled=True,
            version=1, created_at=now, updated_at=now,
        ).returning(_template.c.id)).scalar_one()
        _record(session, Event.OPINION_KEPT, template_id, actor, {"text": wanted, "action": action})
        return template_id


def change(*, template_id: int, version: int | None, text: str, action: str, procedure: str, actor: Actor) -> None:
    """修改 one of one's own."""
    with transaction() as session:
        row, wanted = _own(session, template_id, actor), _checked(text, action, procedure)
        if version != row.version:
            raise Conflict("这条意见刚刚在另一个页面修改过，请核对后再次保存。")
        twin = session.scalar(select(_template.c.id).where(
            _template.c.user_id == row.user_id, _template.c.procedure == procedure, _template.c.action == action,
            _template.c.text == wanted, _template.c.id != row.id,
        ))
        if twin is not None:
            raise Invalid("您已保存过相同的意见。", {"text": "与另一条“我的意见”相同，请修改或删除其中一条。"})
        session.execute(
            update(_template).where(_template.c.id == row.id, _template.c.version == row.version)
            .values(text=wanted, action=action, procedure=procedure, version=row.version + 1, updated_at=utcnow())
        )
        _record(session, Event.OPINION_CHANGED, row.id, actor, {"old": row.text, "new": wanted})


def remove(*, template_id: int, actor: Actor) -> None:
    """删除 one of one's own; decisions made with it keep their text."""
    with transaction() as session:
        row = _own(session, template_id, actor)
        session.execute(delete(_template).where(_template.c.id == row.id))
        _record(session, Event.OPINION_REMOVED, row.id, actor, {"text": row.text})


def _user(actor: Actor) -> int:
    if actor.user_id is None or actor.organization_id is None:
        raise NotAllowed("只有审核单位的管理员可以保存审批意见。")
    return actor.user_id


def _own(session: Session, template_id: int, actor: Actor) -> Row[Any]:
    row = session.execute(
        select(_template).where(_template.c.id == template_id, _template.c.user_id == _user(actor)).with_for_update()
    ).first()
    if row is None:
        raise NotFound("没有找到这条意见，它可能已被删除。")
    return row


def _checked(text: str, action: str, procedure: str) -> str:
    try:
        wanted = clean_text(text, lines=True)
    except ValueError:
        wanted = ""
    errors = {}
    if not wanted:
        errors["text"] = "请填写意见内容。"
    elif len(wanted) > MAX_LENGTH:
        errors["text"] = f"保存的意见最多 {MAX_LENGTH} 字，现有 {len(wanted)} 字，请精简。"
    if action not in OPINION_ACTIONS:
        errors["action"] = "请选择用于通过、退回还是终止。"
    if procedure and procedure not in PROCEDURES:
        errors["procedure"] = "请从列表中选择流程类型。"
    if errors:
        raise Invalid("意见没有保存，请按提示修改。", errors)
    return wanted


def _record(session: Session, event: Event, template_id: int, actor: Actor, data: dict[str, Any]) -> None:
    record_event(
        session, event=event, subject_type="opinion_template", subject_id=template_id, actor=actor, data=data
    )
