"""附件上传: which slots an applicant may fill, and the version that every change of files raises."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, select, update

from app.actor import Actor
from app.errors import NotFound, WrongState
from app.permissions import require
from app.rules.upload import UploadPolicy
from app.services.application_effects import EDITABLE, SUBJECT
from app.services.file import Editable, register_editable
from app.transaction import current_session
from models.application import APPLICATION_STATES, Application
from models.file import Attachment
from models.plan import AttachmentSlot

_a, _slot = Application.__table__, AttachmentSlot.__table__


def slot_rule(subject_id: int, slot: str, actor: Actor) -> Editable:
    """The owner fills the slots of the plan while the application can be edited."""
    row = current_session().execute(
        select(_a.c.person_id, _a.c.state, _slot.c.types, _slot.c.max_mb, _slot.c.max_count)
        .outerjoin(
            _slot, (_slot.c.plan_id == _a.c.plan_id) & (_slot.c.edition == _a.c.plan_edition) & (_slot.c.code == slot)
        )
        .where(_a.c.id == subject_id)
    ).first()
    if row is None:
        raise NotFound("没有找到这份申报，它可能已被删除。")
    require("own.edit", actor, row)
    if row.state not in EDITABLE:
        raise WrongState(f"该申报的状态为“{APPLICATION_STATES[row.state]}”，不能修改附件。")
    if row.types is None:
        raise NotFound("本计划没有这个附件项，请刷新页面。")
    return Editable(UploadPolicy(tuple(row.types), row.max_mb, row.max_count), row.person_id)


register_editable(SUBJECT, slot_rule)


@event.listens_for(Attachment, "after_insert")
@event.listens_for(Attachment, "after_update")
@event.listens_for(Attachment, "after_delete")
def _raise_version(mapper: Any, connection: Connection, attachment: Attachment) -> None:
    """A result of 开始检测 is bound to the version: files changed from anywhere make it stale."""
    if attachment.subject_type == SUBJECT:
        connection.execute(update(_a).where(_a.c.id == attachment.subject_id).values(version=_a.c.version + 1))
