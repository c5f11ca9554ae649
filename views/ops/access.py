"""The lock on every page of the console: the permission `can_open` on `Ops`, and CSRF on every form."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, redirect, request, url_for
from flask_admin.contrib.sqla import ModelView
from flask_login import current_user
from flask_wtf import FlaskForm

from app.release import OPS

ROUTES = {"index_view", "details_view", "action_view"}  # Flask-Admin registers its other routes even when switched off


class OpsAccess:
    """Flask-Admin lets everybody in unless a view says otherwise; every view of ours mixes this in."""

    def is_accessible(self) -> bool:
        return current_user.is_authenticated and current_app.appbuilder.sm.has_access(*OPS)  # type: ignore[attr-defined]

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        if current_user.is_authenticated:
            abort(403)
        return redirect(url_for("LoginView.login", next=request.full_path.rstrip("?")))


class OpsView(OpsAccess, ModelView):
    """A list of a table, read only; subclasses say what can be done besides. No exports, no inline editing."""

    form_base_class = FlaskForm
    can_create = can_edit = can_delete = can_export = False
    can_view_details = True
    page_size = 50
    can_set_page_size = False
    simple_list_pager = True  # no count(*) over a large table
    column_default_sort = ("id", True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._urls = [url for url in self._urls if url[1] in ROUTES]

    def get_list(self, page: int | None, *args: Any, **kwargs: Any) -> Any:
        """A page below the first is the first."""
        return super().get_list(max(page or 0, 0), *args, **kwargs)

    def get_one(self, id: str) -> Any:
        """The row, or None for what is no key."""
        return super().get_one(id) if id.isascii() and id.isdecimal() and len(id) < 19 else None
