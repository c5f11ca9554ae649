"""复查申请: the person asks, adds evidence and reads the answer; the convener (or who made the record) decides."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries import appeal as queries
from app.queries import integrity as records
from app.queries.result import result_of
from app.queries.worklist import cases_of, current_task, history, inbox_of, next_task
from app.rules import deadlines
from app.services import appeal
from app.services import file as files
from app.transaction import current_session
from models.appeal import APPEAL_GROUNDS, APPEAL_STATES
from models.integrity import INTEGRITY_KINDS
from views.addresses import positive, way_back
from views.base import PageView, current_actor
from views.forms.appeal import AppealForm
from views.integrity import keep_files
from views.person import own_person, personal_tree

TONES = {"reviewing": "", "upheld": "ok", "rejected": "warn", "withdrawn": "off"}


class AppealView(PageView):
    """The person's own requests."""

    route_base = "/appeals"
    default_view = "new"

    @expose("/new", methods=["GET", "POST"])
    @has_access
    def new(self) -> Any:
        """申请复查 of the own result or record that the address names."""
        person, session = own_person(), current_session()
        ground, subject_id = request.args.get("ground", ""), positive(request.args.get("subject")) or 0
        about = self._about(ground, subject_id, person.id)
        if about is None:
            raise NotFound(_("没有找到可以申请复查的事项，它可能尚未公布或已超过期限。"))
        form = AppealForm()
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                made = appeal.submit(ground=ground, subject_id=subject_id, reason=form.reason.data or "", actor=current_actor())
            if outcome.ok:
                if keep_files(form.files, subject_type=appeal.SUBJECT, subject_id=made, slot=appeal.SLOT):
                    flash(_("复查申请已提交，请等待答复。"), "success")
                return redirect(url_for("AppealView.show", appeal_id=made))
        return self.render(
            "appeal/new.html", form=form, ground=ground, about=about, policy=appeal.POLICY, grounds=APPEAL_GROUNDS, days=queries.days_allowed(session),
            tree=personal_tree("OwnIntegrityView.index"), status=422 if form.errors else 200,
        )

    def _about(self, ground: str, subject_id: int, person_id: int) -> tuple[str, Any] | None:
        """(name, last day) of the subject when the person may ask about it now."""
        session = current_session()
        if ground == "result":
            standing = queries.result_standing(session, subject_id)
            if standing is not None and standing.row.person_id == person_id and standing.may_appeal:
                return standing.row.plan, standing.last_day
        if ground == "integrity":
            rows = records.of_person(session, person_id)
            last = queries.records_open_to_appeal(session, rows, queries.of_person(session, person_id)).get(subject_id)
            if last is not None:
                return next(row.category_name for row in rows if row.id == subject_id), last
        return None

    @expose("/<int:appeal_id>")
    @has_access
    def show(self, appeal_id: int) -> Any:
        """查看: what was asked, its evidence, the 流程 and the answer."""
        row = self._own(appeal_id)
        session = current_session()
        return self.render(
            "appeal/show.html", row=row, grounds=APPEAL_GROUNDS, states=APPEAL_STATES, tones=TONES, policy=appeal.POLICY,
            attached=files.attachments_of(appeal.SUBJECT, appeal_id), tree=personal_tree("OwnIntegrityView.index"),
            entries=history(session, cases_of(session, subject_type=appeal.SUBJECT, subject_id=appeal_id)),
        )

    @expose("/<int:appeal_id>/withdraw", methods=["POST"])
    @has_access
    def withdraw(self, appeal_id: int) -> Any:
        """撤回."""
        self._own(appeal_id)
        with self.attempt() as outcome:
            appeal.withdraw(appeal_id=appeal_id, actor=current_actor())
        if outcome.ok:
            flash(_("复查申请已撤回，期限内可以重新申请。"), "success")
        return redirect(url_for("AppealView.show", appeal_id=appeal_id))

    def _own(self, appeal_id: int) -> Any:
        row = queries.appeal_of(current_session(), appeal_id)
        if row is None or row.person_id != current_actor().person_id:
            raise NotFound(_("没有找到这份复查申请。"))
        return row


class AppealReviewView(PageView):
    """The page on which a request for 复查 is decided."""

    route_base = "/reviews/appeals"
    default_view = "show"

    @expose("/<int:appeal_id>/")
    @has_access
    def show(self, appeal_id: int) -> Any:
        """What is objected to, why, with which evidence; 复查成立 or 维持原决定, each with the answer."""
        actor, session = current_actor(), current_session()
        inbox = inbox_of(session, actor)
        row = queries.appeal_of(session, appeal_id)
        task = current_task(session, subject_type="appeal", subject_id=appeal_id, organization_id=inbox.organization_id)
        if row is None or task is None:
            raise NotFound(_("没有找到这份复查申请，它可能不属于您的单位，或申请人已撤回。"))
        entries = history(session, cases_of(session, subject_type="appeal", subject_id=appeal_id))
        return self.render(
            "appeal/review.html", row=row, task=task, inbox=inbox, grounds=APPEAL_GROUNDS, states=APPEAL_STATES, tones=TONES,
            entries=entries, attached=files.attachments_of(appeal.SUBJECT, appeal_id), kinds=INTEGRITY_KINDS, today=deadlines.today(),
            result=result_of(session, row.application_id) if row.application_id else None,
            record=records.record_of(session, row.record_id) if row.record_id else None,
            following=next_task(session, inbox, after_task_id=task["id"], subject_type="appeal"),
            back=way_back(url_for("TaskView.index")),
        )


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(AppealView)
    appbuilder.add_view_no_menu(AppealReviewView)
