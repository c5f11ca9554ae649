"""SafeRestApi: FAB's generated JSON, read only, with the columns named, for our own pages' session."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import ModelRestApi


class SafeRestApi(ModelRestApi):
    """`get` and `get_list` over explicit columns. Writing goes through services, so there is nothing else to close:
    no POST/PUT with foreign keys of others, no `_info` that lists related rows, no tokens, no CSRF exemption."""

    include_route_methods = {"get", "get_list"}
    allow_browser_login = True
    csrf_exempt = False
    max_page_size = 100
    page_size = 25

    def __init__(self) -> None:
        for name in ("list_columns", "show_columns"):
            columns = getattr(self, name)
            if not columns or any("." not in c and self._is_relation(c) for c in columns):
                raise TypeError(f"{type(self).__name__}.{name}: name plain columns (or relation.column), all of them")
        self.search_columns = self.search_columns or []
        super().__init__()

    def _is_relation(self, column: str) -> bool:
        return bool(self.datamodel.is_relation(column))

    def _init_properties(self) -> None:
        chosen: Any = list(self.search_columns or [])
        super()._init_properties()
        self.search_columns = chosen
        self._filters = self.datamodel.get_filters(search_columns=chosen)
