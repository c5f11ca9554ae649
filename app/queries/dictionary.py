"""Choices from the dictionaries."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.dictionary import CodeItem, CodeTable
from models.series import TitleSeries

Choices = list[tuple[str, str]]


def choices(session: Session, *tables: str) -> dict[str, Choices]:
    """(code, name) pairs of enabled entries in order, by table; one query for all of them."""
    found: dict[str, Choices] = {table: [] for table in tables}
    rows = session.execute(
        select(CodeTable.code, CodeItem.code, CodeItem.name)
        .join(CodeItem.table)
        .where(CodeTable.code.in_(tables), CodeItem.enabled.is_(True))
        .order_by(CodeItem.position, CodeItem.id)
    )
    for table, code, name in rows:
        found[table].append((code, name))
    return found


def name_of(session: Session, table: str, code: str | None) -> str:
    """The name of one entry, empty when there is none."""
    if not code:
        return ""
    return session.scalar(
        select(CodeItem.name).join(CodeItem.table).where(CodeTable.code == table, CodeItem.code == code)
    ) or ""


def series_choices(session: Session) -> list[tuple[int, str]]:
    """(id, name) of the enabled series in order."""
    return [
        (row.id, row.name)
        for row in session.execute(
            select(TitleSeries.id, TitleSeries.name).where(TitleSeries.enabled.is_(True)).order_by(TitleSeries.position)
        )
    ]
