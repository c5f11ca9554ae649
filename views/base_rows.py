"""Which rows a generated screen reaches: its own, and those its forms may point at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, abort, jsonify, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from sqlalchemy import String, or_
from sqlalchemy import cast as sql_cast

from app.actor import Actor
from app.extensions import db
from app.queries.search import matching
from views.base_page import current_actor
from views.base_query import leads_to, like_pattern

OPTIONS_SHOWN = 20


class RowsInReach:
    """The queries of a screen, narrowed to the organization of who asks; the row scope applies besides."""

    datamodel: Any
    _base_filters: Any
    search_columns: Sequence[str]
    add_columns: Sequence[str]
    edit_columns: Sequence[str]
    owner = ""
    own_relations: Mapping[str, str] = {}
    option_columns: Mapping[str, Sequence[str]] = {}

    def _owner_of(self, actor: Actor) -> int | None:
        """The organization whose rows alone are in reach; None for staff of the platform."""
        return None if actor.is_platform or not self.owner else actor.organization_id or 0

    def rows(self) -> Any:
        """The query over the rows the actor may reach on this screen; the row scope applies besides."""
        query = self._base_filters.apply_all(db.session.query(self.datamodel.obj))
        organization_id = self._owner_of(current_actor())
        return query if organization_id is None else query.filter(leads_to(self.datamodel.obj, self.owner, organization_id))

    def row(self, pk: Any) -> Any:
        """The row by its key, 404 unless it is in reach."""
        if not str(pk).isascii() or not str(pk).isdecimal() or int(pk) > 2**62:
            abort(404)
        found = self.rows().filter(self.datamodel.obj.id == int(pk)).one_or_none()
        return found if found is not None else abort(404)

    def _related_query(self, column: str) -> Any:
        model = self.datamodel.get_related_model(column)
        query = db.session.query(model)
        actor = current_actor()
        if column in self.own_relations and not actor.is_platform:
            query = query.filter(leads_to(model, self.own_relations[column], actor.organization_id or 0))
        return query

    def related_row(self, column: str, pk: int) -> Any:
        """The related row when the actor may point at it, otherwise None."""
        return self._related_query(column).filter_by(id=pk).one_or_none()

    def related_rows(self, column: str, text: str) -> list[Any]:
        """The first rows that match the text, for the remote search."""
        model = self.datamodel.get_related_model(column)
        query = self._related_query(column)
        names = self.option_columns.get(column) or [n for n in ("name", "code") if hasattr(model, n)]
        indexed = matching(model, text) if text else None
        if indexed is not None:
            query = query.filter(indexed)
        elif text:
            pattern = f"%{like_pattern(text)}%"
            query = query.filter(or_(*(sql_cast(getattr(model, n), String).ilike(pattern, escape="!") for n in names)))
        return list(query.order_by(model.id).limit(OPTIONS_SHOWN))

    @expose("/options/<string:column>")
    @has_access
    @permission_name("list")
    def options(self, column: str) -> Response:
        """[{id, text}] for the remote select of a relationship of this screen's forms."""
        offered = {*self.search_columns, *self.add_columns, *self.edit_columns}
        if column not in offered or not self.datamodel.is_relation_many_to_one(column):
            abort(404)
        rows = self.related_rows(column, request.args.get("q", "").strip()[:50].replace("\x00", ""))
        return jsonify([{"id": row.id, "text": self.option_text(column, row)} for row in rows])

    def option_text(self, column: str, row: Any) -> str:
        """How a related row is called in the choices of a form."""
        return str(row)
