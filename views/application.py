"""职称申报: the overview page, 职称申报选择, 诚信承诺书, 查看, 删除 and 撤回."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from sqlalchemy import select

from app.errors import NotAllowed, NotFound
from app.queries import application as queries
from app.queries import plan as plans
from app.queries.appeal import result_standing
from app.queries.plan_standing import standing_of
from app.queries.submission_diff import submission_diff
from app.services import application, exemption
from app.transaction import current_session
from models.appeal import APPEAL_STATES
from models.application import Pledge
from models.plan import ROUTES
from models.result import OBJECTION_STATES, RESULT_OUTCOMES
from views.addresses import positive
from views.base import PageView, current_actor
from views.forms.application import PledgeForm, SelectionForm
from views.plan import PHASES, search_plans

TONES = {"editing": "", "reviewing": "", "returned": "warn", "terminated": "bad", "approved": "ok"}


def own_person_id() -> int:
    """The signed-in person's id; NotAllowed for accounts that are no person's."""
    person_id = current_actor().person_id
    if person_id is None:
        raise NotAllowed(_("当前账号不是个人账号，请使用个人账号登录后申报。"))
    return person_id


def trail(*labels: str) -> list[dict[str, Any]]:
    """首页 › 职称申报 › …"""
    return [
        {"label": _("首页"), "href": "/"}, {"label": _("职称申报"), "href": url_for("ApplicationView.index")},
        *({"label": label} for label in labels),
    ]


class ApplicationView(PageView):
    """The applicant's own applications."""

    route_base = "/applications"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """当前申报情况, 评审计划, 我的历史记录."""
        session, person_id = current_session(), own_person_id()
        history = queries.history_page(
            session, person_id, before=positive(request.args.get("history_before")),
            after=positive(request.args.get("history_after")),
        )
        return self.render(
            "application/index.html", cards=queries.current_cards(session, person_id), search=search_plans(),
            history=history, phases=PHASES, tones=TONES, routes=ROUTES,
            crumbs=[{"label": _("首页"), "href": "/"}, {"label": _("职称申报")}],
        )

    @expose("/new/<int:plan_id>", methods=["GET", "POST"])
    @has_access
    def choose(self, plan_id: int) -> Any:
        """职称申报选择."""
        own_person_id()
        session, actor = current_session(), current_actor()
        plan = plans.plan_page(session, plan_id)
        standing = standing_of(session, plan, actor)
        if standing.application_id is not None:
            return redirect(url_for("ApplicationView.pledge", application_id=standing.application_id))
        if standing.barrier:
            flash(standing.barrier, "warning")
            return redirect(url_for("PlanView.show", plan_id=plan_id))
        form = SelectionForm()
        form.offer(plan, positive(request.values.get("series")))
        if request.method == "GET" and len(form.route.choices) == 1:
            form.route.data = form.route.choices[0][0]
        if request.method == "GET" and len(form.standard_id.choices) == 1:
            form.standard_id.data = form.standard_id.choices[0][0]
        if request.form.get("_lookup") != "series" and form.validate_on_submit():
            with self.attempt(form) as outcome:
                application_id = application.create(plan_id=plan_id, selection=form.selection(), actor=actor)
            if outcome.ok:
                return redirect(url_for("ApplicationView.pledge", application_id=application_id))
        return self.render(
            "application/choose.html", form=form, plan=plan, crumbs=trail(_("职称申报选择")),
            status=422 if form.errors else 200,
        )

    @expose("/<int:application_id>/pledge", methods=["GET", "POST"])
    @has_access
    def pledge(self, application_id: int) -> Any:
        """诚信承诺书."""
        session = current_session()
        row = queries.own_row(session, application_id, own_person_id())
        pledge = session.scalars(select(Pledge).order_by(Pledge.id.desc()).limit(1)).first()
        if pledge is None:
            raise NotFound(_("系统中还没有诚信承诺书，请联系平台客服。"))
        if row.state not in application.EDITABLE:
            return redirect(url_for("ApplicationView.show", application_id=application_id))
        if request.method == "GET" and row.pledge_id == pledge.id and "again" not in request.args:
            return redirect(url_for("FillingView.basic", application_id=application_id))
        form = PledgeForm()
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                application.accept_pledge(
                    application_id=application_id, pledge_id=positive(form.pledge_id.data) or 0, actor=current_actor()
                )
            if outcome.ok:
                return redirect(url_for("FillingView.basic", application_id=application_id))
        return self.render(
            "application/pledge.html", form=form, pledge=pledge, row=row, crumbs=trail(_("诚信承诺书")),
            status=422 if form.errors else 200,
        )

    @expose("/<int:application_id>")
    @has_access
    def show(self, application_id: int) -> Any:
        """查看: the latest submission as the reviewers read it, with its process; one that was never sent is filled in."""
        session = current_session()
        card = queries.card_of(session, application_id, own_person_id())
        if card.row.state == "editing":
            return redirect(url_for("FillingView.overview", application_id=application_id))
        run = positive(request.args.get("run"))
        return self.render(
            "application/show.html", card=card, tones=TONES,
            material=queries.review_material(session, application_id, run=run), crumbs=trail(_("查看申报")),
            diff=submission_diff(session, application_id, run=run), result=result_standing(session, application_id),
            outcomes=RESULT_OUTCOMES, objections=OBJECTION_STATES, appeal_states=APPEAL_STATES,
        )

    @expose("/<int:application_id>/exemption", methods=["POST"])
    @has_access
    def exemption(self, application_id: int) -> Any:
        """免面试."""
        with self.attempt() as outcome:
            changed = exemption.ask(
                application_id=application_id, reason=request.form.get("reason", ""), actor=current_actor())
        if outcome.ok and changed:
            asked = request.form.get("reason", "").strip()
            flash(_("已申请免面试，申报送达评委会组建单位后由其审核。") if asked else _("已取消免面试申请。"), "success")
        return redirect(url_for("ApplicationView.index"))

    @expose("/<int:application_id>/delete", methods=["POST"])
    @has_access
    def delete(self, application_id: int) -> Any:
        """删除."""
        with self.attempt() as outcome:
            application.delete_draft(application_id=application_id, actor=current_actor())
        if outcome.ok:
            flash(_("申报已删除，可以重新选择评审计划。"), "success")
        return redirect(url_for("ApplicationView.index"))

    @expose("/<int:application_id>/withdraw", methods=["POST"])
    @has_access
    def withdraw(self, application_id: int) -> Any:
        """撤回."""
        with self.attempt() as outcome:
            application.withdraw(application_id=application_id, actor=current_actor())
        if outcome.ok:
            flash(_("申报已撤回，修改后可以重新提交。"), "success")
        return redirect(url_for("ApplicationView.index"))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(ApplicationView)
