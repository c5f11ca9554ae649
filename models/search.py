"""Search terms of people, units and accounts: what is typed to find them, cut into pieces that an ordinary index finds.

Chinese names have two or three characters, too short for the trigrams of FTS5 and pg_trgm, so the pieces are the single
characters and the pairs of neighbours of a name, the pairs of its pinyin initials, and the beginnings of a credit code
or user name.
One table serves SQLite and PostgreSQL alike. The terms follow every ORM write of a name in the same flush; after bulk
writes `flask search rebuild` makes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pypinyin import Style, lazy_pinyin
from sqlalchemy import Column, Connection, Index, PrimaryKeyConstraint, String, Table, delete, event, inspect
from sqlalchemy.dialects import postgresql, sqlite

from models.account import Account
from models.base import Code, Key, metadata
from models.organization import Organization
from models.person import Person

CODE_FROM = 4  # characters of a credit code or user name that are worth searching for
TERM_LENGTH = 18

search_term = Table(
    "search_term", metadata,
    Column("kind", Code, nullable=False),  # of KINDS
    Column("term", String(TERM_LENGTH), nullable=False),
    Column("owner_id", Key, nullable=False),
    PrimaryKeyConstraint("kind", "term", "owner_id", name="pk_search_term"),
    Index("ix_search_term_owner", "kind", "owner_id"),
    sqlite_with_rowid=False,
)
MARKS = "·•・-.'’（）()"  # stand in names and are seldom typed
_WIDE = {chr(n) for n in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
# Surnames that are read otherwise than the character alone: 单 is shàn, 解 xiè.
_SURNAMES = re.compile(
    "(?P<yc>尉迟)|(?P<mq>万俟)|(?P<s>单|折)|(?P<x>解)|(?P<q>仇|覃)|(?P<z>查|曾|翟)|(?P<o>区)|(?P<p>朴)|(?P<g>盖)|(?P<y>乐|员)|(?P<m>缪)"
    "|(?P<c>种)|(?P<n>那)"
)


def initials(text: str) -> str:
    """The lower-case pinyin initials of a text, at most 100: 合肥市 → hfs; letters and digits stay."""
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="default")).lower()[:100]


def person_initials(name: str) -> str:
    """The initials of a person's name, surnames read as surnames: 单雄信 → sxx."""
    surname = _SURNAMES.match(name)
    return (surname.lastgroup or "") + initials(name[surname.end():]) if surname else initials(name)


def fold(text: str) -> str:
    """As compared: lower case, full-width letters and digits narrowed, without blanks and MARKS."""
    narrow = "".join(chr(ord(c) - 0xFEE0) if c in _WIDE else c for c in text)
    return "".join(c for c in narrow.lower() if not c.isspace() and c not in MARKS)


def pieces(folded: str) -> list[str]:
    """The pairs of neighbours in a folded text, or the single character it is; empty for an empty one."""
    return [folded[n:n + 2] for n in range(len(folded) - 1)] or ([folded] if folded else [])


def terms_of(name: str, pinyin: str, code: str = "") -> set[str]:
    """Every term that finds an owner."""
    folded, sounds, letters = fold(name), fold(pinyin), fold(code)
    return {
        *folded, *pieces(folded), *pieces(sounds), *sounds[:1],
        *(letters[:n] for n in range(CODE_FROM, min(len(letters), TERM_LENGTH) + 1)),
    }


def write_terms(connection: Connection, kind: str, owners: Iterable[tuple[int, str, str, str]]) -> int:
    """Put the terms of (id, name, pinyin, code) in place of what was there; how many."""
    owners = list(owners)
    columns = search_term.c
    connection.execute(delete(search_term).where(columns.kind == kind, columns.owner_id.in_([one[0] for one in owners])))
    rows = [
        {"kind": kind, "term": term, "owner_id": owner_id}
        for owner_id, *texts in owners for term in sorted(terms_of(*texts))
    ]
    if rows:
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(insert(search_term).on_conflict_do_nothing(), rows)
    return len(rows)


@dataclass(frozen=True)
class Found:
    """One kind of owner: its model, the columns its terms are made of, and (name, initials, code) from such a row."""

    model: Any
    columns: tuple[str, ...]
    texts: Callable[[Any], tuple[str, str, str]]


KINDS: Mapping[str, Found] = {
    "person": Found(Person, ("name", "pinyin"), lambda row: (row.name, row.pinyin or "", "")),
    "organization": Found(Organization, ("name", "pinyin", "uscc"), lambda row: (row.name, row.pinyin or "", row.uscc or "")),
    "account": Found(Account, ("last_name", "first_name", "username"), lambda row: (
        f"{row.last_name}{row.first_name}", "", row.username)),
}


def _sound(row: Any) -> None:
    """Initials come with the name, whoever writes it."""
    if "pinyin" in type(row).__table__.c and not row.pinyin:
        row.pinyin = (person_initials(row.name)[:50] if isinstance(row, Person) else initials(row.name))


def _follow(kind: str, found: Found) -> None:
    model = found.model

    def before(_mapper: Any, _connection: Connection, row: Any) -> None:
        _sound(row)

    def after(_mapper: Any, connection: Connection, row: Any) -> None:
        state = inspect(row)
        if not state.persistent or any(state.attrs[key].history.has_changes() for key in found.columns):
            write_terms(connection, kind, [(row.id, *found.texts(row))])

    def gone(_mapper: Any, connection: Connection, row: Any) -> None:
        connection.execute(delete(search_term).where(search_term.c.kind == kind, search_term.c.owner_id == row.id))

    event.listen(model, "before_insert", before)
    event.listen(model, "before_update", before)
    event.listen(model, "after_insert", after)
    event.listen(model, "after_update", after)
    event.listen(model, "after_delete", gone)


for _kind, _found in KINDS.items():
    _follow(_kind, _found)
