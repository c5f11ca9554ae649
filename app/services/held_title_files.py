"""证明材料 of a held title: who may change it, and the application's version that every change raises."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, event, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound, WrongState
from app.permissions import require
from app.rules.held_title import EVIDENCE, EVIDENCE_SLOT
from app.services import file as files
from app.services.application_effects import EDITABLE
from app.services.file import Editable, register_editable
from app.transaction import current_session
from models.application import APPLICATION_STATES, Application
from models.file import Attachment
from models.held_title import Appointment, HeldTitle

SUBJECT = "held_title"
_a, _held, _appointment = Application.__table__, HeldTitle.__table__, Appointment.__table__


def evidence_rule(subject_id: int, slot: str, actor: Actor) -> Editable:
    """The owner, while the application can be edited."""
    row = current_session().execute(
        select(_a.c.person_id, _a.c.state).join(_held, _held.c.application_id == _a.c.id).where(_held.c.id == subject_id)
    ).first()
    if row is None or slot != EVIDENCE_SLOT:
        raise NotFound("没有找到这条现有职称，它可能已被删除。")
    require("own.edit", actor, row)
    if row.state not in EDITABLE:
        raise WrongState(f"该申报的状态为“{APPLICATION_STATES[row.state]}”，不能修改附件。")
    return Editable(EVIDENCE, row.person_id)


register_editable(SUBJECT, evidence_rule)


def remove(session: Session, held_title_ids: list[int], *, actor: Actor) -> None:
    """Delete held titles with their appointments and evidence; the caller has checked that the actor may."""
    for held_title_id in held_title_ids:
        files.detach_all(subject_type=SUBJECT, subject_id=held_title_id, actor=actor)
    session.execute(delete(_appointment).where(_appointment.c.held_title_id.in_(held_title_ids)))
    session.execute(delete(_held).where(_held.c.id.in_(held_title_ids)))


def remove_of(session: Session, application_id: int, *, actor: Actor) -> None:
    """Those of an application that is deleted."""
    found = session.execute(select(_held.c.id).where(_held.c.application_id == application_id)).scalars().all()
    remove(session, list(found), actor=actor)


@event.listens_for(Attachment, "after_insert")
@event.listens_for(Attachment, "after_update")
@event.listens_for(Attachment, "after_delete")
def _raise_version(mapper: Any, connection: Connection, attachment: Attachment) -> None:
    """A result of 开始检测 is bound to the version: evidence changed from anywhere makes it stale."""
    if attachment.subject_type == SUBJECT:
        owner = select(_held.c.application_id).where(_held.c.id == attachment.subject_id).scalar_subquery()
        connection.execute(update(_a).where(_a.c.id == owner).values(version=_a.c.version + 1))
