"""申报名册: the applications of a plan that reached its convener, with figures, and as an Excel file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.queries.plan_roster import (
    INTERVIEWS,
    SHOWN_STATES,
    RosterFilters,
    interview,
    roster_choices,
    roster_figures,
    roster_page,
)
from app.scope import scope_of
from app.transaction import current_session
from models.application import EXEMPTION_STATES
from models.plan import ROUTES
from views.addresses import positive
from views.base import PageView, current_actor
from views.plan_desk import own, trail
from views.sheets import roster_response

TONES = {"reviewing": "", "returned": "warn", "terminated": "bad", "approved": "ok"}


def read_filters(source: Any) -> RosterFilters:
    """The filters of an address or a form; nonsense counts as nothing."""
    return RosterFilters(
        text=source.get("q", "").strip()[:50], state=source.get("state", "") if source.get("state") in SHOWN_STATES else "",
        route=source.get("route", "") if source.get("route") in ROUTES else "",
        exemption=source.get("exemption", "") if source.get("exemption") in EXEMPTION_STATES else "",
        title_id=positive(source.get("title")), specialty_id=positive(source.get("specialty")),
    )


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
        plan, filters = own(plan_id), read_filters(request.form)
        with self.attempt() as outcome:
            answer = roster_response("plan_applications", {"plan": plan.id, "filters": filters.given()})
        return answer if outcome.ok else redirect(url_for("PlanRosterView.roster", plan_id=plan_id, **filters.words()))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PlanRosterView)
