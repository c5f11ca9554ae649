"""免面试: the convener's answer, on the page on which the application is reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.queries.exemption import exemption_of
from app.queries.inbox import Inbox
from app.rules.snapshot import may_ask_exemption
from app.services import exemption
from app.transaction import current_session
from models.application import EXEMPTION_STATES
from views.addresses import positive, way_back
from views.base import PageView, current_actor


def exemption_part(application_id: int, material: Mapping[str, Any], task: Any, inbox: Inbox) -> dict[str, Any]:
    """For review/_exemption.html: the request, and whether it can be answered here and now."""
    row = exemption_of(current_session(), application_id) if may_ask_exemption(material) else None
    if row is None:
        return {"exemption": None}
    mine = task["claimed_by"] in inbox.holders or (task["claimed_by"] is None and not inbox.shared)
    at_hand = mine if task["state"] == "open" else row.state == "approved" and not row.has_result
    return {"exemption": row, "exemption_states": EXEMPTION_STATES, "can_exempt": row.convener_id == inbox.organization_id and at_hand}


class ExemptionView(PageView):
    """Answers requests not to be interviewed."""

    route_base = "/reviews"
    default_view = "decide"

    @expose("/<int:application_id>/exemption", methods=["POST"])
    @has_access
    def decide(self, application_id: int) -> Any:
        """批准 or 不批准."""
        approved = request.form.get("decision") == "approve"
        with self.attempt() as outcome:
            exemption.decide(
                application_id=application_id, approved=approved, opinion=request.form.get("opinion", ""),
                version=positive(request.form.get("version")), actor=current_actor(),
            )
        if outcome.ok:
            flash(_("已批准免面试。") if approved else _("已告知申报人不能免面试。"), "success")
        return redirect(url_for(
            "ReviewView.show", application_id=application_id, back=way_back(url_for("ReviewView.index"))) + "#exemption")


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(ExemptionView)
