"""破格审批表 and 转评申报表: the page that the chosen 申报形式 adds."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries.material import Loaded
from app.rules import snapshot as shots
from app.services import application, application_form
from app.transaction import current_session
from views.application import trail
from views.base import PageView
from views.filling import autosaved, elsewhere, filled_form, own_application
from views.filling_pages import ROUTE_FORM, workplace
from views.forms.autosave import SelfSavingForm

ROUTE = SelfSavingForm(
    lambda material: material.route_fields, lambda material: material.route_values, application_form.save_route_form)


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
        sent = filled_form(self, ROUTE, _with_form(loaded))
        if sent is None:
            return redirect(url_for("RouteFormPageView.fill", application_id=application_id))
        material = sent.loaded.material
        return self.render(
            "application/fill_form.html", place=workplace(current_session(), material, ROUTE_FORM), form=sent.form,
            application_id=application_id, crumbs=trail(_("填写申报信息")), header=shots.route_header(material),
            can_edit=material.state in application.EDITABLE, status=sent.status,
        )

    @expose("/<int:application_id>/fill/form/autosave", methods=["POST"])
    @has_access
    def autosave(self, application_id: int) -> Any:
        """What autosave.js posts; the JSON of views.forms.autosave."""
        return autosaved(self, ROUTE, _with_form(own_application(application_id)), ROUTE_FORM)


def _with_form(loaded: Loaded) -> Loaded:
    """The same, when its route has a form."""
    if not loaded.material.route_fields:
        raise NotFound(_("所选申报形式没有需要另外填写的表，请从左侧重新进入。"))
    return loaded


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(RouteFormPageView)
