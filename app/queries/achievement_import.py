"""Imports of achievements from Excel files, as their person sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from models.achievement_import import AchievementImport, AchievementImportRow

PAGE_SIZE = 50
_import, _row = AchievementImport.__table__, AchievementImportRow.__table__


def own_import(session: Session, person_id: int, import_id: int) -> RowMapping | None:
    """One import of a person's."""
    return session.execute(
        select(_import).where(_import.c.id == import_id, _import.c.person_id == person_id)
    ).mappings().first()


def latest_imports(session: Session, person_id: int, kind_id: int) -> Sequence[RowMapping]:
    """The last few imports of a kind, newest first."""
    return session.execute(
        select(_import).where(_import.c.person_id == person_id, _import.c.kind_id == kind_id)
        .order_by(_import.c.id.desc()).limit(5)
    ).mappings().all()


def import_rows(
    session: Session, import_id: int, *, verdict: str = "", after: int = 0
) -> tuple[Sequence[RowMapping], int | None]:
    """(a page of rows in the order of the file, the number to go on after, if any)."""
    statement = select(_row).where(_row.c.import_id == import_id, _row.c.number > after)
    if verdict:
        statement = statement.where(_row.c.verdict == verdict)
    found: Sequence[Any] = session.execute(statement.order_by(_row.c.number).limit(PAGE_SIZE + 1)).mappings().all()
    rows = found[:PAGE_SIZE]
    return rows, rows[-1]["number"] if len(found) > PAGE_SIZE else None
