"""Generated screens over scoped tables, which the product itself has none of: what the base classes must hold."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect
from flask_appbuilder import AppBuilder, action
from flask_appbuilder.models.sqla.interface import SQLAInterface

from app.extensions import db
from app.transaction import transaction
from models.achievement import Achievement
from models.person import Person
from views.base import SafeModelView, SafeRestApi


class ProbeView(SafeModelView):
    """Achievements, with a relation to scoped persons and an action."""

    datamodel = SQLAInterface(Achievement)
    list_columns = ["summary", "person", "state"]
    search_columns = ["summary", "person", "state"]
    add_columns = ["person", "organization", "kind", "kind_version", "summary", "state", "data"]
    edit_columns = ["person", "summary"]

    @action("mark", "标记", "标记？", multiple=True)
    def mark(self, rows: Any) -> Any:
        ids = [row.id for row in (rows if isinstance(rows, list) else [rows])]
        with transaction() as session:
            for pk in ids:
                session.get(Achievement, pk).summary = "已标记"
        flash("done")
        return redirect("/")


class ProbePersonView(SafeModelView):
    datamodel = SQLAInterface(Person)
    related_views = [ProbeView]
    list_columns = ["name", "mobile"]
    search_columns = ["name"]


class ProbeApi(SafeRestApi):
    datamodel = SQLAInterface(Achievement)
    resource_name = "probe"
    list_columns = ["id", "summary", "person.name"]
    show_columns = ["id", "summary", "person.name"]
    search_columns = ["summary"]


GRANTS = [("ProbeView", "*"), ("ProbePersonView", "*"), ("ProbeApi", "*")]


def register(appbuilder: AppBuilder) -> None:
    appbuilder.add_view_no_menu(ProbeView)
    appbuilder.add_view_no_menu(ProbePersonView)
    appbuilder.add_api(ProbeApi)


def value(model: Any, pk: int, column: str) -> Any:
    """A column as the database has it now."""
    table = model.__table__
    with db.engine.connect() as connection:
        return connection.execute(table.select().where(table.c.id == pk)).mappings().one()[column]
