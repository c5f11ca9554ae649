"""Documents on demand: asked for once per content, made by a job, kept; a failed one can be asked for again."""

from __future__ import annotations

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
) -> int:
    """The document of that content; a job makes it when it is new or failed before. The caller checks the right to it."""
    with transaction() as session:
        here = (
            _d.c.kind == kind, _d.c.subject_type == subject_type, _d.c.subject_id == subject_id,
            _d.c.cache_key == cache_key,
        )
        row = session.execute(select(_d.c.id, _d.c.state).where(*here).with_for_update()).first()
        now = utcnow()
        if row is not None and row.state != "failed":
            return int(row.id)
        if row is not None:
            document_id = int(row.id)
            session.execute(
                update(_d).where(_d.c.id == document_id, _d.c.state == "failed")
                .values(state="waiting", error="", done=0, updated_at=now)
            )
        else:
            document_id = session.execute(insert(_d).values(
                kind=kind, subject_type=subject_type, subject_id=subject_id, cache_key=cache_key, run=run,
                is_draft=is_draft, person_id=person_id, organization_id=organization_id, state="waiting", error="",
                done=0, total=total, created_at=now, updated_at=now,
            ).returning(_d.c.id)).scalar_one()
        enqueue(session, kind="document.make", key=f"document:{document_id}:{now.timestamp():.6f}",
                payload={"document_id": document_id})
        record_event(session, event=Event.DOCUMENT_REQUESTED, subject_type=SUBJECT, subject_id=document_id, actor=actor,
                     data={"kind": kind, "subject": [subject_type, subject_id], "run": run})
        return document_id


def keep(*, document_id: int, file_id: int, actor: Actor) -> bool:
    """Attach the made file; False when another run of the job was faster."""
    with transaction() as session:
        changed = session.execute(
            update(_d).where(_d.c.id == document_id, _d.c.state != "made")
            .values(state="made", file_id=file_id, error="", done=_d.c.total, updated_at=utcnow())
            .returning(_d.c.id)
        ).first()
        if changed is None:
            return False
        record_event(session, event=Event.DOCUMENT_MADE, subject_type=SUBJECT, subject_id=document_id, actor=actor,
                     data={"file": file_id})
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
