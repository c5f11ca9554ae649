"""What a generated list reads from the address, checked; and one page of rows by key instead of by offset."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from flask import abort, request
from flask_appbuilder.models.filters import FilterRelation, Filters
from flask_appbuilder.models.sqla.filters import (
    FilterContains,
    FilterEqual,
    FilterGreater,
    FilterNotEqual,
    FilterSmaller,
    FilterStartsWith,
)
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, false, func, or_, select

from app.extensions import db
from app.queries.search import matching

COUNT_UP_TO = 10_000
MAX_PAGE_SIZE = 100
_FILTER = re.compile(r"_flt_(\d)_(\w+)", re.ASCII)


class RelationIs(FilterRelation):
    """Rows that point at the given related row; none when that is not in the actor's reach."""

    name = _l("是")
    arg_name = "rel_o_m"

    def apply(self, query: Any, value: Any) -> Any:
        model = self.datamodel.get_related_model(self.column_name)
        row = db.session.get(model, int(value))
        return query.filter(false() if row is None else getattr(self.model, self.column_name) == row)


def like_pattern(text: str) -> str:
    """The text as a LIKE pattern that means just the text; use with `escape="!"`."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


class Contains(FilterContains):
    """FAB's hands % and _ on as wildcards."""

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(getattr(self.model, self.column_name).ilike(f"%{like_pattern(value)}%", escape="!"))


class StartsWith(FilterStartsWith):
    """As Contains, from the beginning."""

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(getattr(self.model, self.column_name).ilike(f"{like_pattern(value)}%", escape="!"))


class Named(FilterContains):
    """Called so, over the search terms: name, code or initials, without reading every row."""

    def apply(self, query: Any, value: Any) -> Any:
        condition = matching(self.model, value)
        return query if condition is None else query.filter(condition)


class SafeFilters(Filters):
    """The filters of one request: a fixed few per type of column, "contains" first; an unknown one is a 400."""

    def __init__(self, view: Any, columns: list[str]) -> None:
        self.exact, self.named = set(view.choices), view.named_by
        super().__init__(view.datamodel.filter_converter_class, view.datamodel, columns)

    def _get_filters(self, cols: list[str]) -> dict[str, list[Any]]:
        return {
            col: [kind(col, self.datamodel) for kind in kinds] for col in cols if (kinds := self._kinds(col))
        }

    def _kinds(self, col: str) -> list[type]:
        data = self.datamodel
        if col == self.named:
            return [Named, FilterEqual]
        if col in self.exact:
            return [FilterEqual]
        if data.is_relation_many_to_one(col):
            return [RelationIs]
        if data.is_boolean(col):
            return [FilterEqual, FilterNotEqual]
        if data.is_date(col) or data.is_integer(col):
            return [FilterEqual, FilterGreater, FilterSmaller]
        if data.is_text(col) or data.is_string(col):
            return [Contains, FilterEqual, StartsWith]
        return []


def read_filters(view: Any) -> SafeFilters:
    """The filters the address asks for; empty values are left out, wrong ones are a 400."""
    filters = SafeFilters(view, view.search_columns)
    for name in request.args:
        if not name.startswith("_flt_"):
            continue
        match = _FILTER.fullmatch(name)
        offered = filters.get_search_filters().get(match[2], []) if match else []
        if match is None or int(match[1]) >= len(offered):
            abort(400)
        for value in request.args.getlist(name)[:5]:
            if value.strip():
                filters._add_filter(offered[int(match[1])], _checked(view, match[2], value.strip()))
    return filters


def _checked(view: Any, column: str, value: str) -> Any:
    data = view.datamodel
    if len(value) > 100 or "\x00" in value:
        abort(400)
    if data.is_boolean(column):
        return value if value == "y" else abort(400)
    if data.is_relation(column) or data.is_integer(column):
        return int(value) if value.lstrip("-").isdecimal() and abs(int(value)) < 2**31 else abort(400)
    if data.is_date(column):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            abort(400)
    return value


@dataclass(frozen=True)
class Listing:
    """How a list is asked for: by which column, which way, how many, after or before which row."""

    order: str
    direction: str
    size: int
    after: int | None = None
    before: int | None = None


def read_listing(view: Any) -> Listing:
    """Order, size and place of the list of `view` from the address; a 400 for what is none of the offered."""
    name = type(view).__name__
    order, direction = view.base_order or ("id", "asc")
    if request.args.get(f"_oc_{name}"):
        order, direction = request.args[f"_oc_{name}"], request.args.get(f"_od_{name}", "asc")
        if order not in view.order_columns or direction not in ("asc", "desc"):
            abort(400)
    _number(f"page_{name}", 0)  # FAB's paging: checked, not used
    size = _number(f"psize_{name}", view.page_size) or view.page_size
    return Listing(
        order, direction, min(size, MAX_PAGE_SIZE), after=_number(f"after_{name}", None),
        before=_number(f"before_{name}", None),
    )


def _number(name: str, default: int | None) -> int | None:
    value = request.args.get(name, "")
    if not value:
        return default
    if not value.isascii() or not value.isdecimal() or int(value) > 2**62:
        abort(400)
    return int(value)


@dataclass(frozen=True)
class Page:
    """Rows, whether there are more on either side, and how many in all, counted up to a bound."""

    rows: list[Any]
    has_previous: bool
    has_next: bool
    count: int

    @property
    def count_text(self) -> str:
        return f"{COUNT_UP_TO}+" if self.count > COUNT_UP_TO else str(self.count)


def read_page(model: Any, query: Any, listing: Listing, options: list[Any]) -> Page:
    """One page by key: the boundary row's values bound the index, so page 10,000 costs what page 1 costs."""
    key = getattr(model, listing.order)
    backwards = listing.before is not None
    ascending = (listing.direction == "asc") != backwards
    bounded = query
    boundary = listing.before if backwards else listing.after
    if boundary is not None:
        found = db.session.execute(select(key, model.id).where(model.id == boundary)).first()
        if found is not None:
            bounded = query.filter(_beyond(key, model.id, found, ascending))
        else:
            boundary, backwards, ascending = None, False, listing.direction == "asc"
    rows = (
        bounded.order_by(*_order(key, model.id, ascending)).limit(listing.size + 1).options(*options).all()
    )
    more = len(rows) > listing.size
    rows = rows[:listing.size]
    if backwards:
        rows.reverse()
    return Page(
        rows, has_previous=more if backwards else boundary is not None, has_next=True if backwards else more,
        count=bounded_count(model, query),
    )


def _order(key: Any, pk: Any, ascending: bool) -> list[Any]:
    """Empty values come last upwards and first downwards, on every database."""
    columns = [key] if key is pk or key.key == "id" else [key, pk]
    if len(columns) == 2 and key.property.columns[0].nullable:
        columns.insert(0, key.is_(None))
    return [column.asc() if ascending else column.desc() for column in columns]


def _beyond(key: Any, pk: Any, at: Any, ascending: bool) -> Any:
    value, row_id = at
    further = pk > row_id if ascending else pk < row_id
    if key.key == "id":
        return further
    if value is None:
        same = and_(key.is_(None), further)
        return same if ascending else or_(key.is_not(None), same)
    beyond = or_(key > value if ascending else key < value, and_(key == value, further))
    return or_(beyond, key.is_(None)) if ascending and key.property.columns[0].nullable else beyond


def bounded_count(model: Any, query: Any) -> int:
    """How many rows, counting no further than the bound plus one."""
    some = query.with_entities(model.id).order_by(None).limit(COUNT_UP_TO + 1).subquery()
    return int(db.session.execute(select(func.count()).select_from(some)).scalar_one())


def leads_to(model: Any, path: str, value: Any) -> Any:
    """`model`'s rows whose column at the end of `path` ("plan.convener_id": relations, then a column) holds `value`."""
    *relations, column = path.split(".")
    if not relations:
        return getattr(model, column) == value
    relation = getattr(model, relations[0])
    return relation.has(leads_to(relation.property.mapper.class_, ".".join([*relations[1:], column]), value))
