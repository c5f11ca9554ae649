"""首页: the person's, the unit's and the authorities'."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask_appbuilder import expose, has_access

from app.queries import home, plan_search
from app.queries.employment import history_of
from app.queries.inbox import tab_counts
from app.queries.worklist import tasks_page
from app.transaction import current_session
from app.workflow.definitions import PROCEDURES
from models.achievement import ACHIEVEMENT_STATES
from models.application import APPLICATION_STATES
from models.person import Person
from models.plan import ROUTES
from views.addresses import subject_address
from views.base import PageView, current_actor
from views.inbox import current_inbox
from views.screen import state_word
from views.staff.home import staff_home

WAITING_SHOWN = 8
TONES = {"editing": "off", "approved": "ok", "returned": "warn", "terminated": "bad"}
REVIEWED = ("reviewing", "approved", "returned", "terminated")


class HomeView(PageView):
    """The first page after signing in."""

    route_base = "/home"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The person's home, the organization's, or for staff the menu."""
        actor = current_actor()
        if actor.person_id is not None:
            return self._person(actor.person_id)
        if actor.organization_id is not None:
            return self._organization()
        return self.render("appbuilder/index.html", **staff_home(actor))

    def _person(self, person_id: int) -> Any:
        session = current_session()
        person = session.get_one(Person, person_id)
        if person.registered_at is None:
            return redirect(url_for("RegistrationView.fill"))
        counts = home.achievement_counts(session, person_id)
        return self.render(
            "home/person.html", person=person, plans=plan_search.latest(session),
            applications=home.my_applications(session, person_id), states=APPLICATION_STATES, routes=ROUTES,
            tones=TONES, employment=next(iter(history_of(session, person_id, limit=1)), None),
            achievements=[{"label": state_word(ACHIEVEMENT_STATES[state]), "value": counts[state]}
                          for state in ("reviewing", "approved", "returned", "terminated", "draft")],
        )

    def _organization(self) -> Any:
        actor, session = current_actor(), current_session()
        inbox = current_inbox()
        counts = home.decided_counts(session, inbox.organization_id)
        return self.render(
            "home/organization.html", inbox=inbox, counts=tab_counts(inbox),
            page=tasks_page(session, inbox, tab="open", size=WAITING_SHOWN), plans=plan_search.latest(session),
            procedures=PROCEDURES, address=subject_address, is_employer="employer" in actor.organization_kinds,
            reviewed=[
                {"label": state_word(label), "value": counts.get(state, 0)}
                for state, label in ((state, APPLICATION_STATES[state]) for state in REVIEWED)
            ],
        )


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(HomeView)
