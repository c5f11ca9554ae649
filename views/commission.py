"""评审计划 · 委托: the letter as Word, the signed one uploaded, and its status on both sides."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.queries import commission as letters
from app.reports import word
from app.reports.review_form import chinese_day
from app.rules import deadlines
from app.services import commission
from app.services import file as files
from app.transaction import current_session
from models.commission import COMMISSION_STATES
from views.addresses import positive
from views.base import PageView, current_actor
from views.file_response import bytes_response
from views.organization import own_organization


def _files_of(rows: Any) -> dict[int, Any]:
    return {row["id"]: item for row in rows for item in files.attachments_of("commission_letter", row["id"])[:1]}


class CommissionView(PageView):
    """委托."""

    route_base = "/commissions"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The letters the organization sent, and those that were sent to it."""
        session, unit = current_session(), own_organization()
        side = "received" if request.args.get("tab") == "received" else "sent"
        key = {"convener_id": unit.id} if side == "received" else {"organization_id": unit.id}
        rows = letters.letters(session, before=positive(request.args.get("before")), **key)
        shown = rows[: letters.PAGE_SIZE]
        return self.render(
            "commission/index.html", rows=shown, files=_files_of(shown), side=side, states=COMMISSION_STATES,
            older=shown[-1]["id"] if len(rows) > letters.PAGE_SIZE else None,
            is_convener="convener" in current_actor().organization_kinds,
        )

    @expose("/plan/<int:plan_id>/", methods=["GET", "POST"])
    @has_access
    def plan(self, plan_id: int) -> Any:
        """委托 of one plan: 导出委托评审函, 上传委托函, and what was uploaded so far."""
        session, unit = current_session(), own_organization()
        unit_id, errors, status = unit.id, {}, 200
        fact = letters.plan_facts(session, plan_id)
        if fact is None:
            raise NotFound(_("没有找到这个评审计划。"))
        if request.method == "POST":
            upload = request.files.get("files")
            try:
                commission.upload(
                    plan_id=plan_id, name=request.form.get("name", ""), headcount=request.form.get("headcount", ""),
                    stream=upload.stream if upload and upload.filename else None,
                    filename=upload.filename or "" if upload else "", actor=current_actor(),
                )
                flash(_("委托函已上传。"), "success")
                return redirect(url_for("CommissionView.plan", plan_id=plan_id))
            except (NotFound, NotAllowed):
                raise
            except DomainError as error:
                flash(_(error.message), "danger")
                status = error.status
                errors = {key: _(line) for key, line in error.fields.items()} if isinstance(error, Invalid) else {}
        rows = letters.letters(session, organization_id=unit_id, plan_id=plan_id)
        return self.render(
            "commission/plan.html", plan=fact, people=letters.people(session, plan_id=plan_id, organization_id=unit_id),
            rows=rows, files=_files_of(rows), states=COMMISSION_STATES, errors=errors, status=status, form=request.form,
        )

    @expose("/plan/<int:plan_id>/letter.docx")
    @has_access
    def letter(self, plan_id: int) -> Response:
        """导出委托评审函, with the roster of those the organization passed on."""
        session, unit = current_session(), own_organization()
        fact = letters.plan_facts(session, plan_id)
        if fact is None:
            raise NotFound(_("没有找到这个评审计划。"))
        data = word.fill("commission", {
            "convener": fact["convener"], "committee": fact["committee"], "plan": fact["name"], "unit": unit.name,
            "contact": unit.contact, "phone": unit.mobile, "day": chinese_day(deadlines.today()),
            "people": letters.people(session, plan_id=plan_id, organization_id=unit.id),
        })
        return bytes_response(data, _("委托评审函-%(unit)s", unit=unit.name) + ".docx", word.MEDIA_TYPE)

    @expose("/<int:letter_id>/receive/", methods=["POST"])
    @has_access
    def receive(self, letter_id: int) -> Any:
        """查收."""
        with self.attempt() as outcome:
            commission.receive(letter_id=letter_id, actor=current_actor())
        if outcome.ok:
            flash(_("已查收。"), "success")
        return redirect(url_for("CommissionView.index", tab="received"))

    @expose("/<int:letter_id>/return/", methods=["POST"])
    @has_access
    def return_(self, letter_id: int) -> Any:
        """退回."""
        with self.attempt() as outcome:
            commission.return_(letter_id=letter_id, reason=request.form.get("reason", ""), actor=current_actor())
        if outcome.ok:
            flash(_("已退回。"), "success")
        return redirect(url_for("CommissionView.index", tab="received"))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(CommissionView)
