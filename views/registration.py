"""注册 of an account, and 个人注册 at the first login."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from app.actor import Actor
from app.errors import DomainError
from app.extensions import limiter
from app.queries import dictionary
from app.queries.organization import search_organizations
from app.rules.identity import mask_id_number
from app.services import employment, registration
from app.transaction import current_session
from models.organization import Organization
from models.person import Person
from views.base import PageView, current_actor
from views.forms.person import ProfileForm, RegistrationForm, SignUpForm
from views.sign_on_clients import require_sign_up

DICTIONARIES = ("political_status", "ethnic", "education_level", "degree")


class SignUpView(PageView):
    """The public page where a person makes an account."""

    route_base = "/register"
    default_view = "sign_up"

    @expose("/", methods=["GET", "POST"])
    @limiter.limit("20 per hour", methods=["POST"])
    def sign_up(self) -> Any:
        """An account for a person; they sign in with it afterwards."""
        if current_user.is_authenticated:
            return redirect(url_for("HomeView.index"))
        require_sign_up("person")
        form = SignUpForm()
        form.id_doc_type.choices = dictionary.choices(current_session(), "id_doc_type")["id_doc_type"] or [
            ("01", _("居民身份证"))]
        status = 422 if request.method == "POST" else 200
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                registration.sign_up(form=form.sign_up(), actor=current_actor())
            if outcome.ok:
                flash(_("注册成功，请用刚才设置的用户名和密码登录，然后完善个人信息。"), "success")
                return redirect(url_for("LoginView.login"))
            status = outcome.status
        return self.render("person/sign_up.html", status=status, form=form)


class RegistrationView(PageView):
    """个人注册: the first filling-in, before anything else."""

    route_base = "/person/registration"
    default_view = "fill"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def fill(self) -> Any:
        """The form of the manual; with 是否同步选择单位 the unit is asked at once."""
        actor = current_actor()
        session = current_session()
        person = session.get(Person, actor.person_id)
        if person is None or person.registered_at is not None:
            return redirect(url_for("HomeView.index"))
        form = RegistrationForm(data=registration.profile_of(person) if request.method == "GET" else None)
        offer_choices(form)
        keep_chosen(form)
        sent = request.method == "POST" and not request.form.get("_lookup")
        if sent and form.validate():
            answer = self._complete(form, actor)
            if answer is not None:
                return answer
        return self.render("person/registration.html", status=422 if sent else 200, form=form, person=person,
                           id_number=mask_id_number(person.id_number),
                           unit_text=request.form.get("organization_id__q", ""))

    def _complete(self, form: RegistrationForm, actor: Actor) -> Response | None:
        with_unit = form.with_unit.data == "yes"
        if with_unit and not form.organization_id.data:
            form.organization_id.errors = [_("请选择单位；如暂不选择，请将“是否同步选择单位”改为“否”。")]
            return None
        with self.attempt(form) as outcome:
            registration.complete(profile=form.profile(), actor=actor)
        if not outcome.ok:
            return None
        if not with_unit:
            flash(_("个人注册已完成。可以先录入业绩库；选择单位并通过审核后才能提交和申报。"), "success")
            return redirect(url_for("HomeView.index"))
        try:
            employment.request(
                organization_id=form.organization_id.data, note=form.note.data or "",
                is_freelancer=bool(form.is_freelancer.data), actor=actor,
            )
        except DomainError as error:  # the registration stands; the unit can be chosen again on its own page
            flash(_("个人注册已完成，但单位申请没有提交：") + _(error.message), "warning")
            return redirect(url_for("EmploymentView.change"))
        flash(_("个人注册已提交，请等待单位审核。审核通过前可以先录入业绩库。"), "success")
        return redirect(url_for("HomeView.index"))


def offer_choices(form: ProfileForm) -> None:
    """Fill the selects of a profile form from the dictionaries."""
    session = current_session()
    found = dictionary.choices(session, *DICTIONARIES)
    form.offer(
        political=found["political_status"], ethnic=found["ethnic"], education=found["education_level"],
        degree=found["degree"], series=dictionary.series_choices(session),
    )


def keep_chosen(form: Any) -> None:
    """Put the chosen unit, or without scripts the matches of the last search, into the remote select."""
    session = current_session()
    text = request.form.get("organization_id__q", "")
    kinds = ("hr_department", "agency") if form.is_freelancer.data else ("employer",)
    found = list(search_organizations(session, text=text, kinds=kinds)) if text else []
    chosen = session.get(Organization, form.organization_id.data) if form.organization_id.data else None
    if chosen is not None and chosen not in found:
        found.insert(0, chosen)
    form.organization_id.choices = [(unit.id, unit.name) for unit in found]


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(SignUpView)
    appbuilder.add_view_no_menu(RegistrationView)
