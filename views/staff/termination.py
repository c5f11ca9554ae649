"""解除终止: operations lift the bar of a terminated application, with a reason."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import select

from app.errors import DomainError, NotFound
from app.queries.search import people
from app.services import termination
from app.transaction import current_session
from models.application import Application
from models.person import Person
from models.plan import ReviewPlan
from views.base import PageView, current_actor

SHOWN = 50


class TerminationView(PageView):
    """Terminated applications, newest first."""

    route_base = "/terminations"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Searched by the applicant's name."""
        text = request.args.get("q", "").strip()[:50]
        application, person, plan = Application.__table__, Person.__table__, ReviewPlan.__table__
        statement = (
            select(application.c.id, application.c.plan_year, application.c.decided_at, person.c.name, plan.c.name.label("plan"))
            .join(person, person.c.id == application.c.person_id).join(plan, plan.c.id == application.c.plan_id)
            .where(application.c.state == "terminated").order_by(application.c.id.desc()).limit(SHOWN)
        )
        if text:
            statement = statement.where(people(text, person))
        return self.render("review/terminations.html", rows=current_session().execute(statement).all(), text=text)

    @expose("/<int:application_id>/lift/", methods=["POST"])
    @has_access
    def lift(self, application_id: int) -> Any:
        """解除终止."""
        try:
            termination.lift(
                application_id=application_id, reason=request.form.get("reason", ""), actor=current_actor()
            )
            flash(_("已解除终止，申报人本年度可以重新申报。"), "success")
        except NotFound:
            raise
        except DomainError as error:
            flash(_(error.message), "danger")
        return redirect(url_for("TerminationView.index"))


def register(appbuilder: AppBuilder) -> None:
    """More of the menu 单位管理."""
    appbuilder.add_view(TerminationView, "解除终止", category="单位管理")
