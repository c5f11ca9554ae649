"""Imports of achievements from Excel files, as their person sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class RowsPage:
    """Rows in the order of the file; the numbers after which the next and the previous page begin, if there is one."""

    rows: Sequence[RowMapping]
    older: int | None
    newer: int | None


def import_rows(session: Session, import_id: int, *, verdict: str = "", after: int = 0) -> RowsPage:
    """A page of an import's rows, all or those of one verdict."""
    chosen = select(_row).where(_row.c.import_id == import_id)
    if verdict:
        chosen = chosen.where(_row.c.verdict == verdict)
    found: Sequence[Any] = session.execute(
        chosen.where(_row.c.number > after).order_by(_row.c.number).limit(PAGE_SIZE + 1)
    ).mappings().all()
    rows = found[:PAGE_SIZE]
    newer = None
    if after:
        before = session.execute(
            chosen.with_only_columns(_row.c.number).where(_row.c.number <= after).order_by(_row.c.number.desc()).limit(PAGE_SIZE + 1)
        ).scalars().all()
        newer = before[PAGE_SIZE] if len(before) > PAGE_SIZE else 0
    return RowsPage(rows, rows[-1]["number"] if len(found) > PAGE_SIZE else None, newer)
