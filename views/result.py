"""评审结果 (组建单位): votes one by one or by import, 公示, objections, certificates in one batch with their progress."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import Invalid, NotFound
from app.queries import result as queries
from app.queries.integrity import standing_of
from app.reports.workbook import SPREADSHEET, read_rows, write_rows
from app.rules import deadlines
from app.rules.votes import OUTCOMES, Votes
from app.services import result as results
from app.transaction import current_session
from models.result import OBJECTION_STATES
from views.addresses import positive
from views.base import PageView, current_actor
from views.file_response import disposition

COLUMNS = ("申报序号", "姓名", "申报专业", "申报职称", "评委总人数", "出席人数", "同意票", "不同意票", "弃权票", "评审日期", "专业评议组意见")
MOST_IMPORTED = 2000
MOST_BYTES = 5 * 1024 * 1024
VOTE_FIELDS = ("members", "present", "agree", "against", "abstain")


class ResultView(PageView):
    """评审结果 of the convener's plans."""

    route_base = "/results"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The plans with applications that passed every stop."""
        rows = queries.plans_with_results(current_session(), current_actor().organization_id or 0)
        return self.render("result/index.html", rows=rows)

    @expose("/<int:plan_id>")
    @has_access
    def show(self, plan_id: int) -> Any:
        """One plan: every application with its vote, 公示, and what can be done next."""
        return self._page(plan_id)

    @expose("/<int:plan_id>/vote/<int:application_id>", methods=["POST"])
    @has_access
    def vote(self, plan_id: int, application_id: int) -> Any:
        """录入 the votes on one application."""
        form = request.form
        with self.attempt() as outcome:
            said = results.enter(entry=results.Entry(
                application_id, _votes({name: form.get(name, "") for name in VOTE_FIELDS}), _day(form.get("met_on", "")),
                form.get("group_opinion", ""),
            ), actor=current_actor())
        if outcome.ok:
            flash(_("已录入，评审结论：%(said)s。", said=_(OUTCOMES[said])), "success")
            return redirect(self._back(plan_id))
        return self._page(plan_id, refused=(application_id, dict(form)), status=422)

    @expose("/<int:plan_id>/template")
    @has_access
    def template(self, plan_id: int) -> Any:
        """导入模板: the applications of the plan, with empty votes."""
        plan = self._plan(plan_id)
        rows = queries.rows_of(current_session(), plan_id, limit=MOST_IMPORTED)
        data = write_rows("评审结果", COLUMNS, [
            (row.id, row.name, row.specialty, row.title, row.members, row.present, row.agree, row.against, row.abstain,
             row.met_on.isoformat() if row.met_on else "", row.group_opinion or "")
            for row in rows
        ])
        response = make_response(data)
        response.headers["Content-Type"] = SPREADSHEET
        response.headers["Content-Disposition"] = disposition(_("评审结果") + f"-{plan.name}.xlsx", "attachment")
        return response

    @expose("/<int:plan_id>/import", methods=["POST"])
    @has_access
    def importing(self, plan_id: int) -> Any:
        """导入: every row reported; those in error can be mended and imported again."""
        self._plan(plan_id)
        upload = request.files.get("sheet")
        done: list[results.RowResult] = []
        with self.attempt() as outcome:
            if upload is None or not upload.filename:
                raise Invalid(_("请选择填好的 Excel 文件（.xlsx）。"))
            data = upload.stream.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise Invalid(_("文件超过 5MB，请分批导入。"))
            rows = read_rows(io.BytesIO(data), len(COLUMNS), most=MOST_IMPORTED)
            if not rows:
                raise Invalid(_("文件中没有评审结果，请在下载的模板中填写后再导入。"))
            known = {row.id for row in queries.rows_of(current_session(), plan_id, limit=MOST_IMPORTED)}
            done = results.enter_many(entries=[_entry(number, cells, known) for number, cells in rows], actor=current_actor())
        if not outcome.ok:
            return redirect(self._back(plan_id))
        return self.render("result/imported.html", plan=self._plan(plan_id), rows=done, good=sum(row.ok for row in done), passed=OUTCOMES["passed"])

    @expose("/<int:plan_id>/publicity", methods=["POST"])
    @has_access
    def publicity(self, plan_id: int) -> Any:
        """公示 of everybody who passed and was not publicized yet."""
        with self.attempt() as outcome:
            told = results.publicize(
                plan_id=plan_id, starts_on=_day(request.form.get("starts_on", "")), ends_on=_day(request.form.get("ends_on", "")),
                place=request.form.get("place", ""), actor=current_actor(),
            )
        if outcome.ok:
            flash(_("已公示通过的 %(n)s 人，并向未通过的 %(m)s 人公布结果。", n=told.passed, m=told.failed), "success")
            return redirect(self._back(plan_id))
        return self._page(plan_id, publicity=dict(request.form), status=422)

    @expose("/objection/<int:result_id>", methods=["POST"])
    @has_access
    def objection(self, result_id: int) -> Any:
        """登记异议, or 核查 it."""
        form, actor = request.form, current_actor()
        with self.attempt() as outcome:
            if "upheld" in form:
                results.settle(result_id=result_id, upheld=form["upheld"] == "y", reply=form.get("reply", ""), actor=actor)
            else:
                results.object_to(result_id=result_id, text=form.get("objection", ""), actor=actor)
        if outcome.ok:
            flash(_("已登记。"), "success")
        return redirect(self._back(positive(form.get("plan")) or 0))

    @expose("/<int:plan_id>/issue", methods=["POST"])
    @has_access
    def issue(self, plan_id: int) -> Any:
        """批量发证 of everybody whose 公示 has ended."""
        with self.attempt() as outcome:
            n = results.order_certificates(
                plan_id=plan_id, approval_no=request.form.get("approval_no", ""), actor=current_actor())
        if outcome.ok:
            flash(_("已开始签发 %(n)s 本职称证书。", n=n), "success")
            return redirect(self._back(plan_id))
        return self._page(plan_id, issuing=dict(request.form), status=422)

    @expose("/<int:plan_id>/retry", methods=["POST"])
    @has_access
    def retry(self, plan_id: int) -> Any:
        """重试 what failed."""
        self._plan(plan_id)
        keys = [key for key, _name, _why in queries.progress_of(current_session(), plan_id).failed]
        with self.attempt() as outcome:
            n = results.retry(plan_id=plan_id, keys=keys, actor=current_actor())
        if outcome.ok:
            flash(_("已重新执行 %(n)s 项。", n=n), "success")
        return redirect(self._back(plan_id))

    def _plan(self, plan_id: int) -> Any:
        plan = queries.plan_of(current_session(), plan_id, current_actor().organization_id or 0)
        if plan is None:
            raise NotFound(_("没有找到这个评审计划，它可能不属于本单位。"))
        return plan

    def _page(
        self, plan_id: int, *, refused: tuple[int, dict[str, str]] | None = None, publicity: dict[str, str] | None = None,
        issuing: dict[str, str] | None = None, status: int = 200,
    ) -> Any:
        plan, session = self._plan(plan_id), current_session()
        after = positive(request.args.get("after")) or 0
        rows = queries.rows_of(session, plan_id, after=after, limit=queries.PAGE_SIZE + 1)
        bans = standing_of(session, [row.person_id for row in rows])
        return self.render(
            "result/show.html", plan=plan, rows=rows[:queries.PAGE_SIZE], outcomes=OUTCOMES, objections=OBJECTION_STATES,
            more=rows[queries.PAGE_SIZE - 1].id if len(rows) > queries.PAGE_SIZE else None, after=after, refused=refused,
            publicity=publicity or {}, issuing=issuing or {}, bans=bans, today=deadlines.today(), status=status,
            progress=queries.progress_of(session, plan_id), waiting=queries.waiting_of(session, plan_id, deadlines.today()),
        )

    def _back(self, plan_id: int) -> str:
        return url_for("ResultView.show", plan_id=plan_id, after=positive(request.form.get("after")))


def _number(text: object) -> int:
    said = str(text if text is not None else "").strip()
    if said.endswith(".0"):
        said = said[:-2]
    if not (said.isascii() and said.isdigit() and len(said) < 6):
        raise Invalid(_("人数和票数请填写整数。"), {"members": _("请填写整数。")})
    return int(said)


def _votes(cells: dict[str, object]) -> Votes:
    return Votes(*(_number(cells[name]) for name in VOTE_FIELDS))


def _day(text: object) -> dt.date:
    if isinstance(text, dt.datetime):
        return text.date()
    try:
        return dt.date.fromisoformat(str(text).strip().replace("/", "-")[:10])
    except ValueError:
        raise Invalid(_("日期请填写为 2026-01-31 的形式。"), {"met_on": _("请填写日期。")}) from None


def _entry(number: int, cells: list[object], known: set[int]) -> tuple[int, str, results.Entry | str]:
    label = str(cells[1] or "")
    try:
        said = cells[0]
        application_id = positive(str(int(said) if isinstance(said, float) else said or "").strip())
        if application_id is None or application_id not in known:
            return number, label, _("申报序号不在本计划中，请使用下载的模板。")
        votes = _votes(dict(zip(VOTE_FIELDS, cells[4:9], strict=True)))
        return number, label, results.Entry(application_id, votes, _day(cells[9]), str(cells[10] or ""))
    except Invalid as error:
        return number, label, error.message


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(ResultView)
