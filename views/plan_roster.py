"""申报名册: the applications of a plan that reached its convener, with figures, and as an Excel file."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.queries.plan_roster import (
    SHOWN_STATES,
    RosterFilters,
    roster_choices,
    roster_figures,
    roster_page,
)
from app.reports.sheet import MEDIA_TYPE, SheetColumn, numbered, write_roster
from app.rules import deadlines
from app.rules.identity import mask_id_number
from app.scope import scope_of
from app.services import plan_roster
from app.transaction import current_session
from app.workflow.engine import node_label
from models.application import APPLICATION_STATES, EXEMPTION_STATES
from models.plan import ROUTES
from views.addresses import positive
from views.base import PageView, current_actor
from views.plan_desk import own, trail

TONES = {"reviewing": "", "returned": "warn", "terminated": "bad", "approved": "ok"}
COLUMNS = (
    SheetColumn("序号", "number", 6), SheetColumn("申报人", width=10), SheetColumn("性别", width=6),
    SheetColumn("出生日期", "date", 12), SheetColumn("证件号码", width=22), SheetColumn("手机号码", width=14),
    SheetColumn("工作单位", width=32), SheetColumn("申报系列", width=16), SheetColumn("申报专业", width=18),
    SheetColumn("申报职称", width=14), SheetColumn("申报级别", width=10), SheetColumn("申报形式", width=12),
    SheetColumn("面试", width=14), SheetColumn("申报日期", "date", 12), SheetColumn("流程节点", width=16), SheetColumn("状态", width=10),
)


def read_filters(source: Any) -> RosterFilters:
    """The filters of an address or a form; nonsense counts as nothing."""
    return RosterFilters(
        text=source.get("q", "").strip()[:50], state=source.get("state", "") if source.get("state") in SHOWN_STATES else "",
        route=source.get("route", "") if source.get("route") in ROUTES else "",
        exemption=source.get("exemption", "") if source.get("exemption") in EXEMPTION_STATES else "",
        title_id=positive(source.get("title")), specialty_id=positive(source.get("specialty")),
    )


# What a roster says of the interview, by the state of the request for 免面试.
INTERVIEWS = {"none": "需要", "asked": "申请免面试", "approved": "已批准免面试", "refused": "需要（未批准免面试）"}


def interview(needed: bool, state: str) -> str:
    """The cell 面试."""
    return INTERVIEWS[state] if needed else "不需要"


class PlanRosterView(PageView):
    """The receiving side of a convener."""

    route_base = "/plans/desk"
    default_view = "roster"

    @expose("/<int:plan_id>/roster")
    @has_access
    def roster(self, plan_id: int) -> Any:
        """申报名册, filtered, paged by key."""
        plan, session = own(plan_id), current_session()
        filters = read_filters(request.args)
        page = roster_page(
            session, plan_id, filters, scope_of(current_actor()), before=positive(request.args.get("before")),
            after=positive(request.args.get("after")),
        )
        titles, specialties = roster_choices(session, plan_id)

        def address(**place: int | None) -> str | None:
            kept = {**filters.words(), **{key: str(value) for key, value in place.items() if value}}
            return f"{request.path}?{urlencode(kept)}" if any(place.values()) else None

        return self.render(
            "plan/roster.html", plan=plan, page=page, filters=filters, titles=titles, specialties=specialties,
            interview=interview, interviews=INTERVIEWS, states=SHOWN_STATES, routes=ROUTES, tones=TONES, figures=roster_figures(session, plan_id),
            newer_href=address(after=page.newer), older_href=address(before=page.older),
            crumbs=trail(plan, _("申报名册")),
        )

    @expose("/<int:plan_id>/roster/export", methods=["POST"])
    @has_access
    def export(self, plan_id: int) -> Any:
        """导出名册: what the filters leave, as Excel; ID numbers masked as in lists."""
        filters = read_filters(request.form)
        with self.attempt() as outcome:
            rows = plan_roster.take(plan_id=plan_id, filters=filters, actor=current_actor(), words=filters.words())
        if not outcome.ok:
            return redirect(url_for("PlanRosterView.roster", plan_id=plan_id, **filters.words()))
        plan, actor = own(plan_id), current_actor()
        today = deadlines.today()
        data = write_roster(
            title=_("%(plan)s 申报名册", plan=plan.name), columns=COLUMNS, rows=numbered(_cells(row, plan.needs_interview) for row in rows),
            note=_("%(who)s %(day)s 导出，共 %(n)s 人。证件号码已隐去部分数字。", who=actor.name, day=today.isoformat(),
                   n=len(rows)),
        )
        response = Response(data, mimetype=MEDIA_TYPE)
        name = quote(_("%(plan)s申报名册", plan=plan.name) + f"{today:%Y%m%d}.xlsx")
        response.headers["Content-Disposition"] = f"attachment; filename=\"roster.xlsx\"; filename*=UTF-8''{name}"
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _cells(row: Any, needs_interview: bool) -> list[Any]:
    return [
        row.person, row.sex, row.birth_date, mask_id_number(row.id_number), row.mobile, row.unit, row.series,
        row.specialty, row.title, row.level, ROUTES[row.route],
        interview(needs_interview, row.exemption_state), row.submitted_at, node_label(row.node) if row.node else "",
        APPLICATION_STATES[row.state],
    ]


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PlanRosterView)
