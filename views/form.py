"""导出: forms of applications as PDF, for the applicant and for whoever reviews them; the page of a document."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.jobs import document as forms
from app.queries.certificate import certificates_of_plan
from app.queries.result import plan_of
from app.queries.review_form import forms_of_plan
from app.queries.worklist import current_task
from app.services import document
from app.services.application_effects import EDITABLE
from app.transaction import current_session
from models.application import Application
from models.base import utcnow
from models.document import Document
from models.personal_request import PersonalRequest
from views.addresses import way_back
from views.base import PageView, current_actor

APPLICATION_FORMS = {"pledge", *forms.GROWING["application"]}


class FormView(PageView):
    """Forms, asked for by POST and shown when they are made."""

    route_base = "/forms"
    default_view = "show"

    @expose("/application/<int:application_id>/<string:kind>", methods=["POST"])
    @has_access
    def application(self, application_id: int, kind: str) -> Any:
        """导出评审表 and the forms beside it: of what is being edited for its applicant, else of the submission."""
        if kind not in APPLICATION_FORMS:
            abort(404)
        session, actor = current_session(), current_actor()
        row = session.get(Application, application_id)
        if row is None:
            raise NotFound(_("没有找到这份申报，它可能已被删除。"))
        run: int | None = None
        if row.person_id == actor.person_id:
            run = 0 if row.state in EDITABLE else None
        else:
            task = current_task(session, subject_type="application", subject_id=application_id,
                                organization_id=actor.organization_id or 0)
            run = task["run"] if task is not None else None
        composed = forms.compose(session, kind, application_id, run)
        document_id = document.ask(
            kind=kind, subject_type="application", subject_id=application_id, cache_key=composed.cache_key, actor=actor,
            run=composed.run, is_draft=composed.is_draft or composed.run == 0, person_id=composed.person_id,
            is_current=composed.is_current,
        )
        return redirect(url_for("FormView.show", document_id=document_id, back=request.form.get("back") or None), 303)

    @expose("/request/<int:request_id>", methods=["POST"])
    @has_access
    def personal(self, request_id: int) -> Any:
        """导出 of a 异地职称 or 补换证 request, or its 承诺书模板."""
        session, actor = current_session(), current_actor()
        row = session.get(PersonalRequest, request_id)
        if row is None:
            raise NotFound(_("没有找到这份申请，它可能已被删除。"))
        pledge = row.kind == "reissue" and request.form.get("kind") == "reissue_pledge"
        kind = "reissue_pledge" if pledge else f"{row.kind}_form"
        composed = forms.compose(session, kind, request_id, None)
        if composed.is_draft and row.person_id != actor.person_id:
            raise NotFound(_("没有找到这份申请，申请人可能已撤回。"))
        document_id = document.ask(
            kind=kind, subject_type=row.kind, subject_id=request_id, cache_key=composed.cache_key, actor=actor,
            run=composed.run, is_draft=composed.is_draft or pledge, person_id=composed.person_id, is_current=composed.is_current,
        )
        return redirect(url_for("FormView.show", document_id=document_id, back=request.form.get("back") or None), 303)

    @expose("/plan/<int:plan_id>", methods=["POST"])
    @has_access
    def plan(self, plan_id: int) -> Any:
        """导出全部评审表, or 下载全部证书, of a plan of the own organization, as one zip."""
        session, actor = current_session(), current_actor()
        if plan_of(session, plan_id, actor.organization_id or 0) is None:
            raise NotFound(_("没有找到这个评审计划，它可能不属于本单位。"))
        kind = forms.CERTIFICATES if request.form.get("kind") == forms.CERTIFICATES else forms.FORMS
        ids = certificates_of_plan(session, plan_id) if kind == forms.CERTIFICATES else forms_of_plan(session, plan_id)
        if not ids:
            flash(_("该计划还没有可以下载的证书。") if kind == forms.CERTIFICATES else _("该计划还没有可以导出的评审表。"), "warning")
            return redirect(way_back(url_for("ResultView.index")))
        document_id = document.ask(
            kind=kind, subject_type="plan", subject_id=plan_id, cache_key=utcnow().isoformat(timespec="seconds"),
            actor=actor, organization_id=actor.organization_id, total=len(ids),
        )
        return redirect(url_for("FormView.show", document_id=document_id, back=request.form.get("back") or None), 303)

    @expose("/<int:document_id>")
    @has_access
    def show(self, document_id: int) -> Any:
        """The document, or how far it is; the page asks again by itself."""
        row = current_session().get(Document, document_id)
        if row is None:
            raise NotFound(_("没有找到这份文档，请重新导出。"))
        return self.render("document/show.html", document=row, back=way_back(url_for("HomeView.index")))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(FormView)
