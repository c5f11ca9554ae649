"""个人中心 · 个人信息: who I am, my photo, my units."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import Conflict, NotFound
from app.queries import dictionary
from app.queries.employment import history_of, opinions
from app.rules.identity import mask_id_number
from app.services import registration
from app.transaction import current_session
from models.person import EMPLOYMENT_KINDS, EMPLOYMENT_STATES, Person
from models.personal_request import REQUEST_KINDS
from views import proof
from views.addresses import positive
from views.base import PageView, current_actor
from views.forms.person import ProfileForm
from views.registration import offer_choices


def own_person() -> Person:
    """The signed-in person; NotFound for accounts that are no person's."""
    person = current_session().get(Person, current_actor().person_id) if current_actor().person_id else None
    if person is None:
        raise NotFound(_("当前账号不是个人账号，请使用个人账号登录。"))
    return person


def personal_tree(current: str) -> list[dict[str, Any]]:
    """The left tree of 个人中心. `current`: an endpoint, or the address of a list of requests."""
    pages = [
        *((url_for(endpoint), endpoint, label) for endpoint, label in (
            ("PersonView.show", _("个人信息")), ("CertificateView.index", _("我的职称")))),
        *((url_for("RequestView.index", kind=kind), "", _(label)) for kind, label in REQUEST_KINDS.items()),
        (url_for("OwnIntegrityView.index"), "OwnIntegrityView.index", _("诚信档案")),
    ]
    return [{"label": _("个人中心"), "items": [
        {"label": label, "href": href, "current": current in (href, endpoint)} for href, endpoint, label in pages
    ]}]


class PersonView(PageView):
    """个人信息."""

    route_base = "/person"
    default_view = "show"

    @expose("/")
    @has_access
    def show(self) -> Any:
        """Everything recorded about the person, with the history of units."""
        person, session = own_person(), current_session()
        if person.registered_at is None:
            return redirect(url_for("RegistrationView.fill"))
        history = history_of(session, person.id)
        return self.render(
            "person/show.html", person=person, id_number=mask_id_number(person.id_number), details=self._details(person),
            history=history, pending=next((row for row in history if row.state == "pending"), None),
            opinions=opinions(session, [row.id for row in history if row.state == "returned"]),
            kinds=EMPLOYMENT_KINDS, states=EMPLOYMENT_STATES, tree=personal_tree("PersonView.show"),
        )

    def _details(self, person: Person) -> list[tuple[str, Any]]:
        found = dictionary.choices(current_session(), "political_status", "ethnic", "education_level", "degree")
        names = {table: dict(rows) for table, rows in found.items()}
        return [
            (_("性别"), person.sex), (_("出生日期"), person.birth_date),
            (_("民族"), names["ethnic"].get(person.ethnic_code or "")),
            (_("政治面貌"), names["political_status"].get(person.political_status_code or "")),
            (_("电子邮箱"), person.email), (_("通讯地址"), person.address),
            (_("工作单位"), person.organization.name if person.organization else _("尚未绑定单位")), (_("工作时间"), person.work_start),
            (_("获得学位"), names["degree"].get(person.degree_code or "")),
            (_("最高学历"), names["education_level"].get(person.education_code or "")),
            (_("行政职务"), person.post), (_("技能等级"), person.skill_level), (_("职称名称"), person.title_name),
            (_("手机号码"), person.mobile), (_("固定电话"), person.landline),
            (_("所在职称系列"), "、".join(row.series.name for row in person.series)),
            (_("是否自由职业者"), person.is_freelancer),
        ]

    @expose("/edit/", methods=["GET", "POST"])
    @has_access
    def edit(self) -> Any:
        """完善信息."""
        person = own_person()
        form = ProfileForm(data={**registration.profile_of(person), "version": person.version}
                           if request.method == "GET" else None)
        offer_choices(form)
        status = 422 if request.method == "POST" else 200
        if form.validate_on_submit():
            if (person.mobile, person.email) != ((form.mobile.data or "").strip(), (form.email.data or "").strip()) and (
                question := proof.asked()
            ) is not None:
                return question
            with self.attempt(form) as outcome:
                registration.change(
                    profile=form.profile(), actor=current_actor(), version=positive(form.version.data) or 0
                )
            if outcome.ok:
                flash(_("个人信息已保存。"), "success")
                return redirect(url_for("PersonView.show"))
            status = outcome.status
            if isinstance(outcome.error, Conflict):  # the warning is given: saving once more is meant
                form.version.data = str(own_person().version)
        return self.render("person/edit.html", status=status, form=form, tree=personal_tree("PersonView.show"))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PersonView)
