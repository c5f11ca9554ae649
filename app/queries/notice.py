"""通知公告 as everybody reads them: published, and their day has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.rules import deadlines
from models.notice import Notice

PAGE_SIZE = 15
LATEST = 6
_notice = Notice.__table__


@dataclass(frozen=True)
class NoticePage:
    """A page of the list; `older`: the id to go on before."""

    rows: tuple[Row[Any], ...]
    older: int | None


def _shown() -> Any:
    return (_notice.c.state == "published") & (_notice.c.published_on <= deadlines.today())


def notices(session: Session, *, text: str = "", before: int | None = None, size: int = PAGE_SIZE) -> NoticePage:
    """The newest first; `text` in the title; `before`: the id of the last one seen."""
    statement = select(_notice.c.id, _notice.c.title, _notice.c.issuer, _notice.c.published_on).where(_shown())
    if text:
        statement = statement.where(_notice.c.title.contains(text, autoescape=True))
    if before is not None:
        last = session.execute(select(_notice.c.published_on).where(_notice.c.id == before)).scalar()
        if last is not None:
            statement = statement.where(or_(
                _notice.c.published_on < last, and_(_notice.c.published_on == last, _notice.c.id < before)
            ))
    found = session.execute(
        statement.order_by(_notice.c.published_on.desc(), _notice.c.id.desc()).limit(size + 1)
    ).all()
    rows = tuple(found[:size])
    return NoticePage(rows, rows[-1].id if len(found) > size else None)


def notice(session: Session, notice_id: int) -> Row[Any]:
    """One notice; NotFound for drafts, withdrawn ones and those whose day has not come."""
    row = session.execute(select(_notice).where(_notice.c.id == notice_id, _shown())).first()
    if row is None:
        raise NotFound("没有找到这条通知公告，它可能已经撤下。")
    return row
