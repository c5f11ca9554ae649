"""单位注册, by a visitor or at a unit's first single sign-on; 管理设置 · 单位信息."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_login import current_user

from app.errors import Invalid, NotFound
from app.extensions import limiter
from app.queries import dictionary
from app.queries.organization_settings import (
    DICTIONARIES,
    code_names,
    needs_post_quota,
    region_groups,
    region_path,
)
from app.queries.recommendation import unit_needs_quota
from app.rules.identity import check_uscc, unit_nature_of
from app.services import organization as organizations
from app.transaction import current_session
from models.organization import Organization
from views import proof
from views.addresses import positive
from views.base import PageView, current_actor
from views.forms.organization import BasicsForm, UnitSettingsForm, UnitSignUpForm
from views.sign_on_clients import require_sign_up

COLUMNS = (
    "legal_person", "legal_person_phone", "address", "contact", "mobile", "nature_code", "email", "region_code",
    "is_central", "fax", "industry_code", "status_code", "economic_type_code", "tax_number", "license_kind_code",
    "license_number", "license_issued_on", "license_years", "approval_number", "approved_on", "approved_by", "version",
)


def offer_basics(form: BasicsForm) -> None:
    """Fill the selects that every form of a unit has."""
    session = current_session()
    form.offer(natures=dictionary.choices(session, "unit_nature")["unit_nature"], regions=region_groups(session))


def settings_tree(current: str) -> list[dict[str, Any]]:
    """The left tree of 管理设置."""
    pages = [("OrganizationSettingsView.show", _("单位信息")), ("AdministratorView.index", _("单位管理员"))]
    if unit_needs_quota(current_session(), current_actor().organization_id or 0):
        pages.insert(1, ("PostQuotaView.index", _("岗位核准信息")))
    pages.append(("IntegrityView.index", _("诚信档案")))
    return [{"label": _("管理设置"), "items": [
        {"label": label, "href": url_for(endpoint), "current": endpoint == current} for endpoint, label in pages
    ]}]


def own_organization() -> Organization:
    """The unit the account acts for; NotFound for accounts that are no unit's."""
    organization_id = current_actor().organization_id
    found = current_session().get(Organization, organization_id) if organization_id else None
    if found is None:
        raise NotFound(_("当前账号不是单位账号，请使用单位账号登录。"))
    return found


class OrganizationSignUpView(PageView):
    """单位注册 without single sign-on: the unit and its first administrator's account."""

    route_base = "/register/unit"
    default_view = "sign_up"

    @expose("/", methods=["GET", "POST"])
    @limiter.limit("20 per hour", methods=["POST"])
    def sign_up(self) -> Any:
        """An employer; authorities are set up by the platform."""
        if current_user.is_authenticated:
            return redirect(url_for("HomeView.index"))
        require_sign_up("unit")
        form, status = UnitSignUpForm(), 200
        offer_basics(form)
        if request.form.get("_lookup"):
            self._propose(form)
        elif form.validate_on_submit():
            with self.attempt(form) as outcome:
                organizations.register(form=form.sign_up(), actor=current_actor())
            if outcome.ok:
                flash(_("单位注册成功，请用刚才设置的用户名和密码登录。"), "success")
                return redirect(url_for("LoginView.login"))
            status = outcome.status
        elif form.errors:
            status = 422
        return self.render("organization/sign_up.html", form=form, status=status)

    def _propose(self, form: UnitSignUpForm) -> None:
        """校验代码: the unit nature that the credit code suggests, unless one was chosen already."""
        try:
            code = check_uscc(form.uscc.data or "")
        except Invalid as error:
            form.uscc.errors = [_(error.message)]
            return
        form.uscc.data = code
        flash(_("统一社会信用代码校验通过，请核对单位性质。"), "success")
        propose_nature(form, code)


def propose_nature(form: BasicsForm, uscc: str | None) -> None:
    """Choose the nature a credit code suggests, when none is chosen and the dictionary offers it."""
    proposed = unit_nature_of(uscc or "")
    if proposed and not form.nature_code.data and proposed in {code for code, _label in form.nature_code.choices}:
        form.nature_code.data = proposed


class OrganizationRegistrationView(PageView):
    """单位注册 at the first sign-in of a unit that a single sign-on vouched for (see views/gate.py)."""

    route_base = "/unit/registration"
    default_view = "fill"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def fill(self) -> Any:
        """Only what the sign-on did not say."""
        organization = own_organization()
        if organization.is_registered:
            return redirect(url_for("OrganizationSettingsView.show"))
        form, status = BasicsForm(), 200
        offer_basics(form)
        propose_nature(form, organization.uscc)
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                organizations.complete(form=form.basics(), actor=current_actor())
            if outcome.ok:
                flash(_("单位注册已完成。"), "success")
                return redirect(url_for("HomeView.index"))
            status = outcome.status
        elif form.errors:
            status = 422
        return self.render("organization/registration.html", form=form, unit=own_organization(), status=status)


class OrganizationSettingsView(PageView):
    """管理设置 · 单位信息."""

    route_base = "/unit/settings"
    default_view = "show"

    @expose("/")
    @has_access
    def show(self) -> Any:
        """单位基本信息 and 单位详细信息."""
        unit, session = own_organization(), current_session()
        names = code_names(session, unit)
        return self.render(
            "organization/settings.html", unit=unit, names=names, region=region_path(session, unit.region_code),
            needs_post_quota=needs_post_quota(session, unit.nature_code),
            tree=settings_tree("OrganizationSettingsView.show"),
        )

    @expose("/edit/", methods=["GET", "POST"])
    @has_access
    def edit(self) -> Any:
        """完善单位信息."""
        unit, status = own_organization(), 200
        form = UnitSettingsForm(
            data={key: getattr(unit, key) for key in COLUMNS} if request.method == "GET" else None
        )
        self._offer(form, unit)
        if form.validate_on_submit():
            if (unit.mobile, unit.email) != ((form.mobile.data or "").strip(), (form.email.data or "").strip()) and (
                question := proof.asked()
            ) is not None:
                return question
            with self.attempt(form) as outcome:
                changed = organizations.change_settings(
                    settings=form.settings(), version=positive(form.version.data) or 0, actor=current_actor()
                )
            if outcome.ok:
                flash(_("单位信息已保存。") if changed else _("单位信息没有变化。"), "success")
                return redirect(url_for("OrganizationSettingsView.show"))
            status = outcome.status
        elif form.errors:
            status = 422
        return self.render("organization/edit.html", form=form, unit=own_organization(), status=status,
                           tree=settings_tree("OrganizationSettingsView.show"))

    def _offer(self, form: UnitSettingsForm, unit: Organization) -> None:
        """All choices; a code that is no longer offered stays choosable for the unit that has it."""
        session = current_session()
        found = dictionary.choices(session, *DICTIONARIES.values())
        names = code_names(session, unit)
        choices = {}
        for column, table in DICTIONARIES.items():
            code = getattr(unit, column)
            rows = found[table]
            choices[column] = [(code, names[column] or code), *rows] if code and code not in dict(rows) else rows
        form.offer(natures=choices["nature_code"], regions=region_groups(session))
        form.offer_details(choices)


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    for view in (OrganizationSignUpView, OrganizationRegistrationView, OrganizationSettingsView):
        appbuilder.add_view_no_menu(view)
