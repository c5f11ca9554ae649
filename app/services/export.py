"""导出: a short list leaves at once, a long one as a file that a job makes. Either way it is on record who took what.

A file is kept `KEPT` and then deleted with its row; the audit trail stays.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, case, delete, insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotFound
from app.outbox import enqueue
from app.services.notification import notify
from app.services.stored_file import discard_unreferenced, locked_file
from app.transaction import transaction
from models.base import utcnow
from models.export import Export
from models.file import StoredFile

DIRECT = 5_000  # rows that are written while the browser waits: about a second
MOST = 200_000  # rows of one file
KEPT = dt.timedelta(days=7)
SUBJECT = "export"
MAX_ERROR = 300
_export = Export.__table__


On = tuple[Event, str, int]  # an event of its own on what a list is of: (event, subject type, id)


def taken(*, kind: str, params: Mapping[str, Any], rows: int, actor: Actor, on: On | None = None) -> None:
    """Put on record that a list left at once."""
    with transaction() as session:
        _say(session, Event.ROSTER_EXPORTED, "account", actor.user_id or 0, actor, kind=kind, params=dict(params), rows=rows)
        if on is not None:
            _say(session, *on, actor, params=dict(params), rows=rows)


def ask(
    *, kind: str, params: Mapping[str, Any], title: str, total: int, language: str, actor: Actor, on: On | None = None
) -> int:
    """Have a job make the file; its id. The same list, asked for twice while it is being made, is made once."""
    if total > MOST:
        raise Invalid(f"一次最多导出 {MOST} 条，请用查询条件缩小范围后再导出。")
    if actor.user_id is None:
        raise NotFound("请先登录，再导出。")
    digest = hashlib.sha256(json.dumps([kind, dict(params), language], sort_keys=True).encode()).hexdigest()
    with transaction() as session:
        waiting = session.scalar(select(_export.c.id).where(
            _export.c.user_id == actor.user_id, _export.c.digest == digest, _export.c.state == "waiting"
        ))
        if waiting is not None:
            return int(waiting)
        now = utcnow()
        export_id: int = session.execute(insert(_export).values(
            user_id=actor.user_id, person_id=actor.person_id, organization_id=actor.organization_id, kind=kind,
            params=dict(params), digest=digest, language=language, title=title[:200], state="waiting", error="", done=0,
            total=total, expires_at=now + KEPT, created_at=now, updated_at=now,
        ).returning(_export.c.id)).scalar_one()
        enqueue(session, kind="export.make", key=f"export:{export_id}", payload={"export_id": export_id})
        _say(session, Event.EXPORT_REQUESTED, SUBJECT, export_id, actor, kind=kind, params=dict(params), rows=total)
        if on is not None:
            _say(session, *on, actor, params=dict(params), rows=total)
        return export_id


def progress(*, export_id: int, done: int) -> None:
    """How many rows are written."""
    with transaction() as session:
        session.execute(update(_export).where(_export.c.id == export_id, _export.c.state == "waiting").values(
            done=case((_export.c.total < done, _export.c.total), else_=done), updated_at=utcnow(),
        ))


def keep(*, export_id: int, file_id: int, rows: int, actor: Actor) -> bool:
    """Attach the made file and tell its account; False when another run of the job was faster."""
    with transaction() as session:
        row = session.execute(
            update(_export).where(_export.c.id == export_id, _export.c.state == "waiting")
            .values(state="made", file_id=file_id, total=rows, done=rows, updated_at=utcnow(), expires_at=utcnow() + KEPT)
            .returning(_export.c.user_id, _export.c.title)
        ).first()
        if row is None:
            return False
        _say(session, Event.EXPORT_MADE, SUBJECT, export_id, actor, file=file_id, rows=rows)
        notify(session, user_ids=[row.user_id], key=f"export:{export_id}", title=f"“{row.title}”已导出，可以下载。",
               link=f"/exports/{export_id}", mail=False)
        return True


def fail(*, export_id: int, error: str) -> None:
    """Say on the page why the file could not be made."""
    with transaction() as session:
        session.execute(
            update(_export).where(_export.c.id == export_id, _export.c.state == "waiting")
            .values(state="failed", error=error[:MAX_ERROR], updated_at=utcnow())
        )


def take_out(*, export_id: int, actor: Actor) -> StoredFile:
    """The file for its account to download, on record. NotFound for anybody else's, and once it is deleted."""
    with transaction() as session:
        row = own(session, export_id, actor)
        if row is None or row["file_id"] is None:
            raise NotFound("没有找到这个文件，它可能已过期删除，请重新导出。")
        _say(session, Event.EXPORT_DOWNLOADED, SUBJECT, export_id, actor, file=row["file_id"])
        return locked_file(session, row["file_id"])


def own(session: Session, export_id: int, actor: Actor) -> RowMapping | None:
    """An export of the actor's account, asked for in the capacity the actor has now."""
    return session.execute(_own(actor).where(_export.c.id == export_id)).mappings().first()


def own_list(session: Session, actor: Actor) -> list[RowMapping]:
    """The exports of the actor's account that are still kept, newest first."""
    return list(session.execute(_own(actor).order_by(_export.c.id.desc()).limit(50)).mappings())


def _own(actor: Actor) -> Any:
    return select(_export).where(
        _export.c.user_id == actor.user_id, _export.c.person_id.is_not_distinct_from(actor.person_id),
        _export.c.organization_id.is_not_distinct_from(actor.organization_id), _export.c.expires_at > utcnow(),
    )


def purge(*, actor: Actor, limit: int = 100) -> int:
    """Delete what was kept long enough, files and rows; how many."""
    with transaction() as session:
        old = session.execute(
            select(_export.c.id, _export.c.file_id).where(_export.c.expires_at < utcnow()).limit(limit)
        ).all()
        session.execute(delete(_export).where(_export.c.id.in_([row.id for row in old])))
        for row in old:
            if row.file_id is not None:
                discard_unreferenced(session, locked_file(session, row.file_id), actor)
        return len(old)


def _say(session: Session, event: Event, subject: str, subject_id: int, actor: Actor, **data: Any) -> None:
    record_event(session, event=event, subject_type=subject, subject_id=subject_id, actor=actor, data=data)
