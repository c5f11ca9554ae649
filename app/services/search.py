"""The search terms of people, units and accounts, made anew after bulk writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import delete, select

from app.transaction import current_session, transaction
from models.search import KINDS, search_term, write_terms

CHUNK = 1000


def unindexed() -> list[str]:
    """The kinds that have owners and no terms at all: after the version that brought them."""
    ask = current_session().connection().execute
    return [
        kind for kind, found in KINDS.items()
        if ask(select(search_term.c.kind).where(search_term.c.kind == kind).limit(1)).first() is None
        and ask(select(found.model.__table__.c.id).limit(1)).first() is not None
    ]


def rebuild(kinds: Iterable[str] = tuple(KINDS)) -> Iterator[tuple[str, int]]:
    """Write every owner's terms again, a chunk a transaction; yields (kind, owners done so far). Safe to repeat.

    Terms whose owner is gone go at the end.
    """
    for kind in kinds:
        found = KINDS[kind]
        table = found.model.__table__
        last, done = 0, 0
        while True:
            with transaction() as session:
                rows = session.connection().execute(
                    select(table.c.id, *(table.c[name] for name in found.columns))
                    .where(table.c.id > last).order_by(table.c.id).limit(CHUNK)
                ).all()
                if not rows:
                    session.connection().execute(delete(search_term).where(
                        search_term.c.kind == kind, search_term.c.owner_id.not_in(select(table.c.id))
                    ))
                    break
                write_terms(session.connection(), kind, [(row.id, *found.texts(row)) for row in rows])
            last, done = rows[-1].id, done + len(rows)
            yield kind, done
