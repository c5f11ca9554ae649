"""What the trail says about one subject, newest first; the caller has checked that the actor may know of the subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditEvent

_event = AuditEvent.__table__


def events_of(session: Session, subject_type: str, subject_id: int, *, limit: int = 50) -> Sequence[Any]:
    """The newest events (mappings): event, actor_name, at, data."""
    return session.execute(
        select(_event.c.event, _event.c.actor_name, _event.c.at, _event.c.data)
        .where(_event.c.subject_type == subject_type, _event.c.subject_id == subject_id)
        .order_by(_event.c.seq.desc()).limit(limit)
    ).mappings().all()
