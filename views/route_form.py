"""破格审批表 and 转评申报表: the page that the chosen 申报形式 adds."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries.material import Loaded
from app.rules import snapshot as shots
from app.services import application, application_form
from app.transaction import current_session
from views.application import trail
from views.base import PageView, current_actor
from views.filling import elsewhere, own_application, parts_of
from views.filling_pages import ROUTE_FORM, workplace
from views.forms.autosave import answer, form_of, shown_again, tell
from views.forms.dynamic import DynamicForm


class RouteFormPageView(PageView):
    """The form of the route, filled in with autosave."""

    route_base = "/applications"
    default_view = "fill"

    @expose("/<int:application_id>/fill/form", methods=["GET", "POST"])
    @has_access
    def fill(self, application_id: int) -> Any:
        """The form, whole."""
        loaded = own_application(application_id)
        if (instead := elsewhere(loaded)) is not None:
            return instead
        form = _form(loaded, fresh=request.method == "GET")
        status = 200
        if request.method == "POST":
            with self.attempt(form) as outcome:
                saved = application_form.save_route_form(
                    application_id=application_id, raw=form.raw, token=str(form.version.data or ""),
                    actor=current_actor(), partial=False,
                )
            status = outcome.status
            if outcome.ok:
                if tell(saved):
                    return redirect(url_for("RouteFormPageView.fill", application_id=application_id))
                loaded = own_application(application_id)
                form = shown_again(form, saved, loaded.material.route_fields)
                status = 409 if saved.conflicts else 200
        material = loaded.material
        return self.render(
            "application/fill_form.html", place=workplace(current_session(), material, ROUTE_FORM), form=form,
            application_id=application_id, crumbs=trail(_("填写申报信息")), header=shots.route_header(material),
            can_edit=material.state in application.EDITABLE, status=status,
        )

    @expose("/<int:application_id>/fill/form/autosave", methods=["POST"])
    @has_access
    def autosave(self, application_id: int) -> Any:
        """What autosave.js posts; the JSON of views.forms.autosave."""
        form = _form(own_application(application_id), fresh=False)
        saved = application_form.save_route_form(
            application_id=application_id, raw=form.raw, token=str(form.version.data or ""), actor=current_actor())
        material = own_application(application_id).material
        return {**answer(saved, material.route_values), "parts": parts_of(self, material, ROUTE_FORM)}


def _form(loaded: Loaded, *, fresh: bool) -> DynamicForm:
    material = loaded.material
    if not material.route_fields:
        raise NotFound(_("所选申报形式没有需要另外填写的表，请从左侧重新进入。"))
    return form_of(loaded, material.route_fields, material.route_values, fresh=fresh)


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(RouteFormPageView)
