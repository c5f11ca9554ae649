"""Finding people, units and accounts by what users type: name, code or pinyin initials, over the index of models.search."""

from __future__ import annotations

import re
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select

from models.account import Account
from models.organization import Organization
from models.person import Person
from models.search import CODE_FROM, MARKS, TERM_LENGTH, fold, pieces, search_term

MOST_PIECES = 6  # of a long text are looked up; the comparison with the name settles the rest
_CODE = re.compile(rf"[0-9a-z_]{{{CODE_FROM},}}")


def people(text: str, owner: Any = Person) -> ColumnElement[bool]:
    """The condition that a person (the model, an alias or its table's columns) is called so; nothing for blank text."""
    columns, folded = getattr(owner, "c", owner), fold(text)
    return _named("person", folded, columns, _stands_in(columns.name, folded) | columns.pinyin.contains(folded, autoescape=True))


def people_ids(text: str) -> Any:
    """The ids of people called so, as a subquery that drives a statement over what belongs to them. No row scope."""
    table = Person.__table__
    return select(table.c.id).where(people(text, table))


def units(text: str, owner: Any = Organization) -> ColumnElement[bool]:
    """The same for organizations, whose credit code may be typed from its beginning as well."""
    columns, folded = getattr(owner, "c", owner), fold(text)
    compared = _stands_in(columns.name, folded) | columns.pinyin.contains(folded, autoescape=True)
    return or_(_named("organization", folded, columns, compared), _coded("organization", folded, columns, columns.uscc))


def accounts(text: str, owner: Any = Account) -> ColumnElement[bool]:
    """Accounts, by the name of who signs in or from the beginning of the user name."""
    columns, folded = getattr(owner, "c", owner), fold(text)
    compared = _stands_in(columns.last_name + columns.first_name, folded)
    return or_(_named("account", folded, columns, compared), _coded("account", folded, columns, columns.username))


def matching(model: type, text: str) -> ColumnElement[bool] | None:
    """The condition for a model that has search terms, None for any other."""
    by_model: dict[type, Any] = {Person: people, Organization: units, Account: accounts}
    return by_model[model](text) if model in by_model else None


def _named(kind: str, folded: str, columns: Any, compared: ColumnElement[bool]) -> ColumnElement[bool]:
    """`compared` settles what the pieces only suggest."""
    if not folded:
        return false()
    return and_(columns.id.in_(_candidates(kind, folded)), compared)


def _coded(kind: str, folded: str, columns: Any, code: Any) -> ColumnElement[bool]:
    """The code begins so."""
    if not _CODE.fullmatch(folded):
        return false()
    terms = search_term.c
    found = columns.id.in_(select(terms.owner_id).where(terms.kind == kind, terms.term == folded[:TERM_LENGTH]))
    return found if len(folded) <= TERM_LENGTH else and_(found, _bare(code).startswith(folded, autoescape=True))


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


def _stands_in(name: Any, folded: str) -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", _bare(name).contains(folded, autoescape=True))


def _bare(text: Any) -> Any:
    """As `fold` does it, in the database."""
    bare: Any = func.lower(text)
    for mark in (" ", *MARKS):
        bare = func.replace(bare, mark, "")
    return bare
