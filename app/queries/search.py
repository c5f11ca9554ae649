"""Finding people and units by what users type: name, credit code or pinyin initials, over the index of models.search."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select

from models.organization import Organization
from models.person import Person
from models.search import CODE_FROM, MARKS, TERM_LENGTH, fold, pieces, search_term

MOST_PIECES = 6  # of a long text are looked up; the comparison with the name settles the rest
_CODE = re.compile(rf"[0-9a-z]{{{CODE_FROM},{TERM_LENGTH}}}")


def people(text: str, owner: Any = Person) -> ColumnElement[bool]:
    """The condition that a person (the model, an alias or its table's columns) is called so; nothing for blank text."""
    columns = getattr(owner, "c", owner)
    return _named("person", fold(text), columns)


def people_ids(text: str) -> Any:
    """The ids of people called so, as a subquery that drives a statement over what belongs to them. No row scope."""
    table = Person.__table__
    return select(table.c.id).where(people(text, table))


def units(text: str, owner: Any = Organization) -> ColumnElement[bool]:
    """The same for organizations, whose credit code may be typed from its beginning as well."""
    columns, folded = getattr(owner, "c", owner), fold(text)
    named, terms = _named("organization", folded, columns), search_term.c
    if not _CODE.fullmatch(folded):
        return named
    coded = select(terms.owner_id).where(terms.kind == "organization", terms.term == folded)
    return or_(named, columns.id.in_(coded))


def matching(model: type, text: str) -> ColumnElement[bool] | None:
    """The condition for a model that has search terms, None for any other."""
    by_model: dict[type, Any] = {Person: people, Organization: units}
    return by_model[model](text) if model in by_model else None


def _named(kind: str, folded: str, columns: Any) -> ColumnElement[bool]:
    if not folded:
        return false()
    return and_(columns.id.in_(_candidates(kind, folded)), _compared(columns, folded))


def _candidates(kind: str, folded: str) -> Any:
    """Ids that have every piece: the first drives, each other is one look into the primary key."""
    wanted = list(dict.fromkeys(pieces(folded)))
    step = max(1, -(-len(wanted) // MOST_PIECES))
    first, *others = wanted[::step]
    lead = search_term.alias()
    statement = select(lead.c.owner_id).where(lead.c.kind == kind, lead.c.term == first)
    for piece in others:
        other = search_term.alias()
        statement = statement.where(exists().where(
            other.c.kind == kind, other.c.term == piece, other.c.owner_id == lead.c.owner_id
        ))
    return statement


def _compared(columns: Any, folded: str) -> ColumnElement[bool]:
    """What the pieces only suggest: the text stands in the name, or in the initials, as typed."""
    name: Any = func.lower(columns.name)
    for mark in (" ", *MARKS):
        name = func.replace(name, mark, "")
    return or_(name.contains(folded, autoescape=True), columns.pinyin.contains(folded, autoescape=True))
