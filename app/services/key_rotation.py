"""Writing encrypted columns and their digests anew under the first key of FIELD_KEYS.

Every process must know both keys before it begins. Each batch is a transaction that touches only rows under older keys,
so that the command can be stopped and repeated; a row that changed meanwhile was written under the first key anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, String, cast, func, select, update

from app.actor import SYSTEM
from app.audit import Event, record_event
from app.rules.identity import indexed_text
from app.transaction import current_session, transaction
from models.base import metadata
from models.encrypted import EncryptedText, blind_index, keyring
from models.person import Person

_person = Person.__table__
# Column -> (its digest, what else of the row it needs, the text the digest is made of).
DIGESTS: Mapping[Column[Any], tuple[Column[Any], Column[Any], Callable[[str, str], str]]] = {
    _person.c.id_number: (_person.c.id_number_index, _person.c.id_doc_type, indexed_text),
}


@dataclass(frozen=True)
class Step:
    """How far a column is: rows rewritten so far, rows still under older keys."""

    column: str
    done: int
    left: int


def encrypted_columns() -> list[Column[Any]]:
    """Every encrypted column of the product, of tables with an id."""
    return [column for table in metadata.sorted_tables for column in table.c if isinstance(column.type, EncryptedText)]


def rotate(*, batch: int = 500) -> Iterator[Step]:
    """Rewrite what is under older keys, `batch` rows a transaction; yields after each. One audit row a column."""
    for column in encrypted_columns():
        left, done, last = _outdated(column), 0, 0
        while True:
            with transaction() as session:
                rows = session.connection().execute(
                    _rows(column).where(column.table.c.id > last).order_by(column.table.c.id).limit(batch)
                ).mappings().all()
                for row in rows:
                    written = session.connection().execute(
                        update(column.table)
                        .where(column.table.c.id == row["id"], cast(column, String) == row["raw"])
                        .values(_values(column, row))
                    ).rowcount
                    done, left = done + written, left - 1
                if not rows:
                    if done:
                        record_event(session, event=Event.KEYS_ROTATED, subject_type="keys", subject_id=0, actor=SYSTEM,
                                     data={"column": str(column), "key": keyring().current, "rows": done})
                    break
                last = rows[-1]["id"]
            yield Step(str(column), done, max(left, 0))
        if not done:
            yield Step(str(column), 0, _outdated(column))


def _rows(column: Column[Any]) -> Any:
    more = [DIGESTS[column][1].label("kind")] if column in DIGESTS else []
    return select(
        column.table.c.id, cast(column, String).label("raw"), column.label("plain"), *more
    ).where(_is_outdated(column))


def _values(column: Column[Any], row: Mapping[Any, Any]) -> dict[Column[Any], Any]:
    values = {column: row["plain"]}  # the column's type encrypts it under the first key
    if column in DIGESTS:
        digest, _kind, text = DIGESTS[column]
        values[digest] = blind_index(text(row["kind"], row["plain"]))
    return values


def _is_outdated(column: Column[Any]) -> Any:
    return column.is_not(None) & cast(column, String).not_like(f"{keyring().current}.%")


def _outdated(column: Column[Any]) -> int:
    return int(current_session().connection().execute(
        select(func.count()).select_from(column.table).where(_is_outdated(column))
    ).scalar_one())


def columns_of_keys() -> dict[str, dict[str, int]]:
    """Column -> key id -> how many values are under it."""
    found: dict[str, dict[str, int]] = {}
    for column in encrypted_columns():
        table = column.table
        raw = cast(column, String)
        position = func.instr(raw, ".") if current_session().get_bind().dialect.name == "sqlite" else func.strpos(raw, ".")
        key_id = func.substr(raw, 1, position - 1)
        rows = current_session().connection().execute(
            select(key_id, func.count()).select_from(table).where(column.is_not(None)).group_by(key_id)
        ).tuples()
        found[str(column)] = dict(rows.all())
    return found
