"""异地职称 and 补换证 on the reviewing side."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries.integrity import standing_of
from app.queries.worklist import cases_of, current_task, history, next_task, withdrawable
from app.transaction import current_session
from models.personal_request import REQUEST_KINDS, PersonalRequest
from views.addresses import way_back
from views.base import PageView
from views.inbox import current_inbox


class RequestReviewView(PageView):
    """The page on which a request is reviewed."""

    route_base = "/reviews/requests"
    default_view = "show"

    @expose("/<int:request_id>/")
    @has_access
    def show(self, request_id: int) -> Any:
        """What was submitted, its files, the 流程, and the buttons while the task is open."""
        session = current_session()
        row = session.get(PersonalRequest, request_id)  # within the row scope
        inbox = current_inbox()
        task = row and current_task(
            session, subject_type=row.kind, subject_id=request_id, organization_id=inbox.organization_id)
        if row is None or task is None or row.snapshot is None:
            raise NotFound(_("没有找到这份申请，它可能不属于您的单位，或申请人已撤回。"))
        entries = history(session, cases_of(session, subject_type=row.kind, subject_id=request_id))
        return self.render(
            "request/review.html", row=row, task=task, inbox=inbox, kinds=REQUEST_KINDS, snapshot=row.snapshot,
            entries=entries, following=next_task(session, inbox, after_task_id=task["id"], subject_type=row.kind),
            can_withdraw=withdrawable(task, entries, inbox.user_id) and row.state != "approved",
            back=way_back(url_for("TaskView.index")), standing=standing_of(session, [row.person_id]).get(row.person_id, []) if task["on_record"] else [],
        )


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(RequestReviewView)
