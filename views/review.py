"""职称申报 on the reviewing side: 申报情况, and the page on which an application is reviewed."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries.application import review_material
from app.queries.certificate import certificate_exists
from app.queries.inbox import APPLICATION_TABS, Inbox, tab_counts
from app.queries.integrity import standing_of
from app.queries.recommendation import page_of, previous_text, publicity_terms, standing
from app.queries.return_reason import reasons_of_tasks
from app.queries.submission_diff import submission_diff
from app.queries.worklist import (
    Filters,
    application_facts,
    cases_of,
    current_task,
    due_dates,
    history,
    next_task,
    tasks_page,
    withdrawable,
)
from app.rules.recommendation import gaps
from app.rules.return_reason import pages
from app.rules.snapshot import ID_LABEL
from app.services import file as files
from app.transaction import current_session
from app.workflow.definitions.application import APPLICATION
from app.workflow.procedure import NODES
from models.plan import ROUTES
from models.post_quota import QUOTA_STATES
from models.recommendation import RECOMMENDATION_SLOTS
from views.addresses import positive, way_back
from views.base import PageView
from views.exemption import exemption_part
from views.inbox import current_inbox
from views.plan import PHASES, search_plans
from views.sheets import roster_response


def receivers(task: Any) -> dict[str, Any] | None:
    """The default receiving node of an open task by name, and which others its procedure lets the reviewer choose."""
    if task["state"] != "open":
        return None
    ahead = task["route"][task["stop"] + 1 :]
    return {"next": ahead[0]["organization"] if ahead else None, "kinds": APPLICATION.inserts.get(task["node"], ())}


class ReviewView(PageView):
    """申报情况 and the reviewing page."""

    route_base = "/reviews"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The five tabs of the manual with their counts, searched by name, paged by key."""
        session, inbox = current_session(), current_inbox("reviews")
        counts = tab_counts(inbox, procedure="application")
        tab = request.args.get("tab", "todo" if counts["todo"] or not counts["unclaimed"] else "unclaimed")
        tab = tab if tab in APPLICATION_TABS else "todo"
        filters = self._filters_of_request()
        page = tasks_page(
            session, inbox, tab=tab, filters=filters, before=positive(request.args.get("before")),
            after=positive(request.args.get("after")),
        )
        return self.render(
            "review/index.html", page=page, tab=tab, tabs=APPLICATION_TABS, filters=filters, inbox=inbox, routes=ROUTES,
            counts=counts, nodes={key: NODES[key] for key in NODES}, due=due_dates(session, page.rows, inbox.calendar), views=inbox.views,
            search=search_plans(), phases=PHASES,
            facts=application_facts(session, [row["subject_id"] for row in page.rows]),
        )

    def _filters_of_request(self) -> Filters:
        node = request.args.get("node", "")
        return Filters(
            procedure="application", text=request.args.get("q", "").strip()[:50],
            case_node=node if node in NODES else "", year=positive(request.args.get("plan_year", "")[:4]),
        )

    @expose("/export/", methods=["POST"])
    @has_access
    def export(self) -> Any:
        """导出 the list as it is narrowed now."""
        tab, filters = request.args.get("tab", "all"), self._filters_of_request()
        params = {
            "tab": tab if tab in APPLICATION_TABS else "all", "text": filters.text, "node": filters.case_node, "year": filters.year,
        }
        with self.attempt() as outcome:
            answer = roster_response("applications", params)
        return answer if outcome.ok else redirect(url_for("ReviewView.index", tab=params["tab"]))

    @expose("/<int:application_id>/")
    @has_access
    def show(self, application_id: int) -> Any:
        """详情 | 流程 of the submission under review with its evidence beside it, and the buttons while the task is open.

        The submission is the one this organization was asked about: what was sent back and handed in again since
        comes to it with a task of its own.
        """
        session, inbox = current_session(), current_inbox()
        task = current_task(
            session, subject_type="application", subject_id=application_id, organization_id=inbox.organization_id
        )
        if task is None:
            raise NotFound(_("没有找到这份申报，它可能不属于您的单位，或申报人已撤回。"))
        cases = cases_of(session, subject_type="application", subject_id=application_id)
        entries = history(session, cases)
        tab = request.args.get("tab", "")
        tab = tab if tab in ("flow", "recommendation") else "details"
        more = self._recommendation(task, application_id, inbox) if tab == "recommendation" else {}
        if tab == "details" and task["run"] > 1:
            more["diff"] = submission_diff(session, application_id, run=task["run"])
        material = review_material(session, application_id, run=task["run"])
        if tab == "details":
            more |= exemption_part(application_id, material, task, inbox)
        return self.render(
            "review/show.html", task=task, inbox=inbox, tab=tab, application_id=application_id, runs=len(cases),
            material=material, entries=entries,
            receivers=receivers(task), pages=pages(material), reasons=reasons_of_tasks(session, [row["id"] for row in entries if row["state"] == "returned"]),
            following=next_task(session, inbox, after_task_id=task["id"], subject_type="application"),
            can_withdraw=withdrawable(task, entries, inbox.user_id) and not certificate_exists(session, application_id),
            back=way_back(url_for("ReviewView.index")), file_target="evidence", id_label=ID_LABEL,
            standing=standing_of(session, [task["person_id"]]).get(task["person_id"], []) if task["on_record"] else [], **more,
        )

    def _recommendation(self, task: Any, application_id: int, inbox: Inbox) -> dict[str, Any]:
        """What the tab 单位推荐意见 shows; the form only for the unit while its task is in the actor's hand."""
        session, unit_id = current_session(), task["route"][0]["organization_id"]
        page = page_of(session, case_id=task["case_id"], application_id=application_id, unit_id=unit_id)
        mine = task["claimed_by"] in inbox.holders or (task["claimed_by"] is None and not inbox.shared)
        can = task["state"] == "open" and task["node"] == "employer" and mine
        there = standing(session, task["case_id"], unit_id)
        least, today, days = publicity_terms(session, there)
        return {
            "recommendation": page, "can_recommend": can, "least": least, "slots": RECOMMENDATION_SLOTS,
            "missing": gaps(there, least=least, today=today, exceptions=days) if can else {}, "quota_states": QUOTA_STATES,
            "attached": files.attachments_of("recommendation", page.row["id"]) if page.row else [],
            "text_before": previous_text(session, application_id, unit_id) if can and page.row is None else "",
        }


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(ReviewView)
