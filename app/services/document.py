"""Documents on demand: asked for once per content, made by a job, kept; a failed one can be asked for again.

A form that organizations add to is one document a submission, and grows (app.reports.growth).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import insert, select, update

from app.actor import Actor
from app.audit import Event, record_event
from app.outbox import enqueue
from app.transaction import transaction
from models.base import utcnow
from models.document import Document

SUBJECT = "document"
MAX_ERROR = 300
_d = Document.__table__


def ask(
    *, kind: str, subject_type: str, subject_id: int, cache_key: str, actor: Actor, run: int = 0, is_draft: bool = False,
    person_id: int | None = None, organization_id: int | None = None, total: int = 1,
    is_current: Callable[[Sequence[dict[str, Any]]], bool] | None = None, by_job: bool = True,
) -> int:
    """The document of that content; a job makes it when it is new or failed before. The caller checks the right to it.

    `is_current`: of a form that grows, whether its marks say what it should say now; if not it is made again. `by_job`
    False: the caller makes it at once.
    """
    with transaction() as session:
        here = (
            _d.c.kind == kind, _d.c.subject_type == subject_type, _d.c.subject_id == subject_id,
            _d.c.cache_key == cache_key,
        )
        row = session.execute(select(_d.c.id, _d.c.state, _d.c.marks).where(*here).with_for_update()).first()
        now = utcnow()
        if row is not None and (row.state == "waiting" or (row.state == "made" and (is_current is None or is_current(row.marks)))):
            return int(row.id)
        if row is not None:
            document_id = int(row.id)
            session.execute(
                update(_d).where(_d.c.id == document_id, _d.c.state == row.state)
                .values(state="waiting", error="", done=0, updated_at=now)
            )
        else:
            document_id = session.execute(insert(_d).values(
                kind=kind, subject_type=subject_type, subject_id=subject_id, cache_key=cache_key, run=run,
                is_draft=is_draft, person_id=person_id, organization_id=organization_id, state="waiting", error="",
                marks=[], done=0, total=total, created_at=now, updated_at=now,
            ).returning(_d.c.id)).scalar_one()
        if by_job:
            enqueue(session, kind="document.make", key=f"document:{document_id}:{now.timestamp():.6f}",
                    payload={"document_id": document_id})
        record_event(session, event=Event.DOCUMENT_REQUESTED, subject_type=SUBJECT, subject_id=document_id, actor=actor,
                     data={"kind": kind, "subject": [subject_type, subject_id], "run": run})
        return document_id


def keep(
    *, document_id: int, file_id: int, actor: Actor, before: int | None = None, marks: Sequence[dict[str, Any]] = (),
) -> bool:
    """Attach the made file in place of the file `before`; False when another run of the job was faster."""
    with transaction() as session:
        changed = session.execute(
            update(_d).where(_d.c.id == document_id, _d.c.state != "made", _d.c.file_id.is_not_distinct_from(before))
            .values(state="made", file_id=file_id, error="", marks=list(marks), done=_d.c.total, updated_at=utcnow())
            .returning(_d.c.id)
        ).first()
        if changed is None:
            return False
        record_event(session, event=Event.DOCUMENT_MADE, subject_type=SUBJECT, subject_id=document_id, actor=actor,
                     data={"file": file_id} | ({"entries": [mark["field"] for mark in marks[1:]]} if marks else {}))
        return True


def fail(*, document_id: int, error: str) -> None:
    """Say on the document's page why it could not be made."""
    with transaction() as session:
        session.execute(
            update(_d).where(_d.c.id == document_id, _d.c.state == "waiting")
            .values(state="failed", error=error[:MAX_ERROR], updated_at=utcnow())
        )


def progress(*, document_id: int, done: int) -> None:
    """How far the making of an archive has come."""
    with transaction() as session:
        session.execute(update(_d).where(_d.c.id == document_id, _d.c.state == "waiting", _d.c.total >= done).values(done=done))
