"""内置单位: units without a credit code of their own, and accounts for organizations that have none."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import select

from app.errors import NotFound
from app.queries.organization_settings import administrators_of
from app.services import administrator
from app.services import organization as organizations
from app.transaction import current_session
from models.organization import Organization
from views.base import PageView, current_actor
from views.forms.organization import AdministratorForm, BuiltInUnitForm
from views.organization import offer_basics

SHOWN = 50


class BuiltInUnitView(PageView):
    """The platform makes the unit and its account; the unit changes the password at the first sign-in."""

    route_base = "/builtinunits"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        """The newest built-in units, and the form for one more."""
        form, status = BuiltInUnitForm(), 200
        offer_basics(form)
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                issued = organizations.create_built_in(form=form.built_in(), actor=current_actor())
            if outcome.ok:
                return self._issued(issued, form.name.data or "", url_for("BuiltInUnitView.index"))
            status = outcome.status
        elif form.errors:
            status = 422
        units = current_session().scalars(
            select(Organization).where(Organization.is_built_in.is_(True)).order_by(Organization.id.desc()).limit(SHOWN)
        ).all()
        return self.render("organization/built_in.html", form=form, units=units, status=status)

    @expose("/<int:organization_id>/account/", methods=["GET", "POST"])
    @has_access
    def account(self, organization_id: int) -> Any:
        """开通账号 for an organization that is there already."""
        unit = current_session().get(Organization, organization_id)
        if unit is None:
            raise NotFound(_("没有找到该单位。"))
        name, form, status = unit.name, AdministratorForm(), 200
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                issued = administrator.add_to(
                    organization_id=organization_id, name=form.name.data or "", username=form.username.data or "",
                    actor=current_actor(),
                )
            if outcome.ok:
                return self._issued(issued, name, url_for("OrganizationView.show", pk=organization_id))
            status = outcome.status
        elif form.errors:
            status = 422
        return self.render(
            "organization/account.html", form=form, name=name, status=status,
            rows=administrators_of(current_session(), organization_id),
        )

    def _issued(self, issued: administrator.Issued, name: str, back: str) -> Any:
        return self.render("organization/issued.html", issued=issued, unit={"name": name}, back=back, tree=None)


def register(appbuilder: AppBuilder) -> None:
    """In the menu 单位管理."""
    appbuilder.add_view(BuiltInUnitView, "内置单位", category="单位管理")
