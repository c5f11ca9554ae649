"""单位推荐意见: the unit's tab on the page of an application, and the proof of publicity as Word."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.queries.holiday import exceptions
from app.queries.recommendation import page_of
from app.queries.worklist import application_facts, current_task
from app.reports import word
from app.reports.review_form import chinese_day
from app.rules import deadlines
from app.rules.workdays import working_days
from app.services import file as files
from app.services import recommendation
from app.transaction import current_session
from models.case import Task
from models.recommendation import RECOMMENDATION_SLOTS
from views.addresses import way_back
from views.base import PageView, current_actor
from views.file_response import bytes_response
from views.inbox import current_inbox


def _day(key: str) -> dt.date | None:
    text = request.form.get(key, "").strip()
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("公示日期请按 2026-01-31 的格式填写。")) from None


class RecommendationView(PageView):
    """What the unit adds before 通过."""

    route_base = "/recommendations"
    default_view = "save"

    @expose("/<int:task_id>/save/", methods=["POST"])
    @has_access
    def save(self, task_id: int) -> Any:
        """保存 text, dates and files in one go; each file is refused or kept on its own."""
        back = self._tab(task_id)
        try:
            made = recommendation.save(
                task_id=task_id, text=request.form.get("text", ""), publicity_from=_day("publicity_from"),
                publicity_to=_day("publicity_to"), actor=current_actor(),
            )
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            flash(" ".join([_(error.message), *(error.fields.values() if isinstance(error, Invalid) else ())]), "danger")
            return redirect(back)
        refused = False
        for slot in RECOMMENDATION_SLOTS:
            for upload in request.files.getlist(f"file_{slot}"):
                if not upload.filename:
                    continue
                try:
                    files.upload_to(stream=upload.stream, filename=upload.filename, subject_type="recommendation",
                                    subject_id=made, slot=slot, actor=current_actor())
                except (NotFound, NotAllowed):
                    raise
                except DomainError as error:
                    refused = True
                    flash(f"“{upload.filename[:80]}”：{_(error.message)}", "danger")
        if not refused:
            flash(_("单位推荐意见已保存。"), "success")
        return redirect(back)

    @expose("/<int:task_id>/recommend/", methods=["POST"])
    @has_access
    def recommend(self, task_id: int) -> Any:
        """推荐: 占用 or 不占用."""
        back = self._tab(task_id)
        chosen = {"y": True, "n": False}.get(request.form.get("occupies", ""))
        try:
            recommendation.recommend(
                task_id=task_id, occupies=chosen, reason=request.form.get("reason", ""), actor=current_actor()
            )
            flash(_("已推荐。"), "success")
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            flash(" ".join([_(error.message), *(error.fields.values() if isinstance(error, Invalid) else ())]), "danger")
        return redirect(back)

    @expose("/<int:application_id>/publicity.docx")
    @has_access
    def publicity(self, application_id: int) -> Response:
        """单位公示证明, filled in as far as it is known, for stamping."""
        session = current_session()
        inbox = current_inbox()
        task = current_task(
            session, subject_type="application", subject_id=application_id, organization_id=inbox.organization_id
        )
        if task is None or task["route"][0]["organization_id"] != inbox.organization_id:
            raise NotFound(_("没有找到这份申报，它可能不属于您的单位。"))
        fact = application_facts(session, [application_id])[application_id]
        page = page_of(session, case_id=task["case_id"], application_id=application_id, unit_id=inbox.organization_id)
        first, last = (page.row["publicity_from"], page.row["publicity_to"]) if page.row else (None, None)
        days: Any = "____"
        if first and last:
            days = working_days(first, last, exceptions(session, first, last))
        stops = task["route"]
        data = word.fill("publicity", {
            "receiver": stops[min(1, len(stops) - 1)]["organization"], "name": task["person_name"], "plan": fact["plan"],
            "specialty": fact["specialty"], "title": fact["title"], "unit": stops[0]["organization"], "days": days,
            "first": chinese_day(first) or "____年__月__日", "last": chinese_day(last) or "____年__月__日",
            "day": chinese_day(deadlines.today()),
        })
        return bytes_response(data, _("单位公示证明-%(name)s", name=task["person_name"]) + ".docx", word.MEDIA_TYPE)

    def _tab(self, task_id: int) -> str:
        task = current_session().get(Task, task_id)
        if task is None or task.organization_id != current_actor().organization_id or task.subject_type != "application":
            raise NotFound(_("没有找到这条审核任务，它可能不属于您的单位。"))
        return url_for("ReviewView.show", application_id=task.subject_id, tab="recommendation",
                       back=way_back(url_for("ReviewView.index")))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(RecommendationView)
