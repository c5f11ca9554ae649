"""选择单位 and 变更单位 by the person; 人员注册审核 by the unit."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.errors import NotFound
from app.queries import dictionary
from app.queries.employment import OPEN_CASES_SHOWN, TABS, employments_page, open_cases, tab_counts
from app.queries.organization import search_organizations
from app.queries.worklist import history, next_task
from app.services import employment
from app.transaction import current_session
from app.workflow.definitions import PROCEDURES
from models.case import TASK_STATES, Case, Task
from models.person import EMPLOYMENT_STATES, Employment
from views.addresses import positive, way_back
from views.base import PageView, current_actor
from views.forms.person import UnitForm
from views.inbox import current_inbox
from views.person import own_person, personal_tree
from views.registration import keep_chosen


class EmploymentView(PageView):
    """The person's side."""

    route_base = "/person/unit"
    default_view = "change"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def change(self) -> Any:
        """变更单位, or 选择单位 for those who have none."""
        person, form = own_person(), UnitForm()
        keep_chosen(form)
        sent, status = request.method == "POST" and not request.form.get("_lookup"), 200
        if sent and form.validate():
            with self.attempt(form) as outcome:
                employment.request(
                    organization_id=form.organization_id.data, note=form.note.data or "",
                    is_freelancer=bool(form.is_freelancer.data), actor=current_actor(),
                )
            if outcome.ok:
                flash(_("申请已提交，请等待单位审核。"), "success")
                return redirect(url_for("PersonView.show"))
            status = outcome.status
        elif sent:
            status = 422
        cases = open_cases(current_session(), person.id) if person.organization_id else []
        return self.render("employment/change.html", status=status, form=form, person=person, cases=cases[:OPEN_CASES_SHOWN],
                           more=len(cases) > OPEN_CASES_SHOWN, procedures=PROCEDURES,
                           unit_text=request.form.get("organization_id__q", ""),
                           tree=personal_tree("PersonView.show"))

    @expose("/search/")
    @has_access
    def units(self) -> Any:
        """Units by name, code or initials, for the remote select: employers, or those that take freelancers."""
        kinds = ("hr_department", "agency") if request.args.get("is_freelancer") in {"y", "1"} else ("employer",)
        found = search_organizations(current_session(), text=request.args.get("q", "")[:50], kinds=kinds)
        return jsonify([{"id": unit.id, "text": unit.name} for unit in found])

    @expose("/<int:employment_id>/withdraw/", methods=["POST"])
    @has_access
    def withdraw(self, employment_id: int) -> Any:
        """撤回 of a request that the unit has not begun to decide."""
        with self.attempt() as outcome:
            employment.withdraw(employment_id=employment_id, actor=current_actor())
        if outcome.ok:
            flash(_("单位申请已撤回。"), "success")
        return redirect(url_for("PersonView.show"))


class UnitPersonView(PageView):
    """人员注册审核."""

    route_base = "/unit/people"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The list with tabs, search and 批量审核."""
        session, inbox = current_session(), current_inbox()
        tab = request.args.get("tab", "pending")
        tab = tab if tab in TABS else "pending"
        text = request.args.get("q", "").strip()[:50]
        page = employments_page(
            session, organization_id=inbox.organization_id, tab=tab, text=text,
            before=positive(request.args.get("before")), after=positive(request.args.get("after")),
        )
        political = dict(dictionary.choices(session, "political_status")["political_status"])
        return self.render(
            "employment/index.html", page=page, tab=tab, text=text, tabs=TABS, inbox=inbox, political=political,
            counts=tab_counts(session, inbox.organization_id), states=EMPLOYMENT_STATES,
        )

    @expose("/<int:employment_id>/")
    @has_access
    def show(self, employment_id: int) -> Any:
        """One registration: 详情 and 流程, with 通过 and 退回 while it is open."""
        session = current_session()
        inbox = current_inbox()
        row = session.scalars(
            select(Employment).options(joinedload(Employment.person)).where(Employment.id == employment_id)
        ).first()
        if row is None or row.organization_id != inbox.organization_id:
            raise NotFound(_("没有找到这条注册信息，它可能不属于您的单位。"))
        case = session.scalars(
            select(Case).where(Case.subject_type == "employment", Case.subject_id == row.id).order_by(Case.id.desc())
        ).first()
        task = session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open")).first() if case else None
        names = {
            table: dict(rows)
            for table, rows in dictionary.choices(session, "political_status", "ethnic", "education_level").items()
        }
        return self.render(
            "employment/show.html", row=row, task=task, states=EMPLOYMENT_STATES, task_states=TASK_STATES, names=names,
            entries=history(session, [case.id]) if case else [], inbox=inbox, back=way_back(url_for("UnitPersonView.index")),
            following=next_task(session, inbox, after_task_id=task.id, subject_type="employment") if task else None,
        )


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(EmploymentView)
    appbuilder.add_view_no_menu(UnitPersonView)
