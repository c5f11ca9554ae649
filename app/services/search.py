"""The search terms of people and units, made anew after bulk writes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import delete, select

from app.transaction import current_session, transaction
from models.search import KINDS, search_term, write_terms

CHUNK = 1000


def is_empty() -> bool:
    """Whether there are no terms at all."""
    return current_session().connection().execute(select(search_term.c.kind).limit(1)).first() is None


def rebuild() -> Iterator[tuple[str, int]]:
    """Write every owner's terms again, a chunk a transaction; yields (kind, owners done so far). Safe to repeat.

    Terms whose owner is gone go at the end.
    """
    for kind, model in KINDS.items():
        table = model.__table__
        code = table.c.uscc if "uscc" in table.c else None
        last, done = 0, 0
        while True:
            with transaction() as session:
                columns = [table.c.id, table.c.name, table.c.pinyin, *([] if code is None else [code])]
                rows = session.connection().execute(
                    select(*columns).where(table.c.id > last).order_by(table.c.id).limit(CHUNK)
                ).all()
                if not rows:
                    session.connection().execute(delete(search_term).where(
                        search_term.c.kind == kind, search_term.c.owner_id.not_in(select(table.c.id))
                    ))
                    break
                write_terms(session.connection(), kind, [
                    (row.id, row.name, row.pinyin or "", "" if code is None else row.uscc or "") for row in rows
                ])
            last, done = rows[-1].id, done + len(rows)
            yield kind, done
