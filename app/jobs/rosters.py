"""The lists that leave as Excel: 个人业绩库, 业绩档案, 申报情况, 申报名册."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event
from app.errors import NotAllowed, NotFound
from app.jobs.export import STEP, Roster, roster
from app.queries import achievement_kind, portfolio
from app.queries.achievement_kind import KindForm
from app.queries.inbox import APPLICATION_TABS, inbox_of
from app.queries.plan_roster import RosterFilters, interview, roster_count, roster_rows
from app.queries.worklist import Filters, application_facts, count_tasks, tasks_page
from app.reports.sheet import SheetColumn
from app.reports.wording import day, state_word
from app.rules.identity import mask_id_number
from app.rules.sheet_fields import export_columns, export_kind, export_value
from app.scope import scope_of
from app.services.export import MOST
from app.workflow.engine import node_label
from models.achievement import ACHIEVEMENT_STATES
from models.application import APPLICATION_STATES
from models.case import CASE_STATES
from models.plan import ROUTES, ReviewPlan

Page = Callable[[int | None], Sequence[RowMapping]]  # rows below an id, newest first


@roster("own_achievements")
def own_achievements(session: Session, actor: Actor, params: Mapping[str, Any]) -> Roster:
    """个人业绩库: a person's items of one kind, as the list was narrowed."""
    if actor.person_id is None:
        raise NotAllowed("请先完成个人注册，再使用个人业绩库。")
    form = _form(session, params["kind"])
    chosen = portfolio.of_person(actor.person_id, form.kind.id, params.get("state", ""), params.get("text", ""))
    return _achievements(session, form, chosen, title=_("个人业绩库-%(kind)s", kind=form.kind.name), people=False)


@roster("unit_achievements")
def unit_achievements(session: Session, actor: Actor, params: Mapping[str, Any]) -> Roster:
    """业绩档案: what was submitted to a unit, of one kind, with the 申报人 in front."""
    if actor.organization_id is None:
        raise NotAllowed("当前账号不属于任何单位，请使用单位管理员账号登录。")
    form = _form(session, params["kind"])
    chosen = portfolio.of_unit(actor.organization_id, form.kind.id, params["tab"], params.get("text", ""))
    return _achievements(session, form, chosen, title=_("业绩档案-%(kind)s", kind=form.kind.name), people=True)


def _form(session: Session, kind_code: str) -> KindForm:
    form = achievement_kind.newest_form(session, kind_code)
    if form is None:
        raise NotFound("没有找到这个业绩类别，请从左侧重新选择。")
    return form


def _achievements(session: Session, form: KindForm, chosen: Any, *, title: str, people: bool) -> Roster:
    """Every field as a column, by the kind's newest version."""
    fields = export_columns(form.fields)
    columns = [
        *([SheetColumn(_("申报人"), width=12)] if people else []),
        *(SheetColumn(field.label, export_kind(field), max(10, min(40, 2 * len(field.label) + 4))) for field in fields),
        SheetColumn(_("状态"), width=10), SheetColumn(_("申报日期"), "moment", 18), SheetColumn(_("审核时间"), "moment", 18),
    ]

    def rows() -> Iterator[Sequence[Any]]:
        before = None
        while found := portfolio.step(session, chosen, before=before, size=STEP):
            names = achievement_kind.vocabularies(session, fields, shown=[row["data"] for row in found])
            for row in found:
                yield [
                    *([row["person_name"]] if people else []), *(export_value(field, row["data"], names) for field in fields),
                    state_word(ACHIEVEMENT_STATES[row["state"]]), row["submitted_at"], row["decided_at"],
                ]
            before = found[-1]["id"]

    return Roster(title, columns, rows(), portfolio.bounded_count(session, chosen, MOST))


@roster("applications")
def applications(session: Session, actor: Actor, params: Mapping[str, Any]) -> Roster:
    """申报情况: the tasks of an organization under one tab, as the list was narrowed."""
    inbox = inbox_of(session, actor)
    tab = params["tab"]
    filters = Filters(procedure="application", text=params.get("text", ""), case_node=params.get("node", ""), year=params.get("year"))
    heads = (_("年度"), _("申报人"), _("性别"), _("计划名称"), _("申报形式"), _("申报专业"), _("申报职称"), _("申报日期"), _("流程节点"),
             _("状态"), _("本单位意见"))

    def rows() -> Iterator[Sequence[Any]]:
        before = None
        while True:
            page = tasks_page(session, inbox, tab=tab, filters=filters, before=before, size=STEP)
            facts = application_facts(session, [row["subject_id"] for row in page.rows])
            for row in page.rows:
                fact = facts[row["subject_id"]]
                form = ROUTES[fact["route"]]
                yield (
                    str(fact["plan_year"]), row["person_name"], row["person_sex"], fact["plan"], _(form),
                    fact["specialty"], fact["title"], day(fact["submitted_at"]), _(node_label(row["case_node"])),
                    state_word(CASE_STATES[row["case_state"]]), row["opinion"],
                )
            if page.older is None:
                return
            before = page.older

    return Roster(_("申报情况"), [SheetColumn(head) for head in heads], rows(),
                  count_tasks(session, inbox, tab=tab, filters=filters, most=MOST), _(APPLICATION_TABS[tab]))


PLAN_COLUMNS = (
    SheetColumn("申报人", width=10), SheetColumn("性别", width=6),
    SheetColumn("出生日期", "date", 12), SheetColumn("证件号码", width=22), SheetColumn("手机号码", width=14),
    SheetColumn("工作单位", width=32), SheetColumn("申报系列", width=16), SheetColumn("申报专业", width=18),
    SheetColumn("申报职称", width=14), SheetColumn("申报级别", width=10), SheetColumn("申报形式", width=12),
    SheetColumn("面试", width=14), SheetColumn("申报日期", "date", 12), SheetColumn("流程节点", width=16), SheetColumn("状态", width=10),
)


@roster("plan_applications")
def plan_applications(session: Session, actor: Actor, params: Mapping[str, Any]) -> Roster:
    """申报名册 of a plan; ID numbers masked as in lists."""
    plan = session.get(ReviewPlan, params["plan"])
    if plan is None or not (actor.is_platform or actor.organization_id == plan.convener_id):
        raise NotFound("没有找到该评审计划，它可能不属于本单位。")
    filters, scope, plan_id = RosterFilters(**params.get("filters", {})), scope_of(actor), plan.id
    needs_interview = plan.needs_interview

    def rows() -> Iterator[Sequence[Any]]:
        for row in roster_rows(session, plan_id, filters, scope, step=STEP):
            yield (
                row.person, row.sex, row.birth_date, mask_id_number(row.id_number), row.mobile, row.unit, row.series,
                row.specialty, row.title, row.level, ROUTES[row.route],
                interview(needs_interview, row.exemption_state), row.submitted_at,
                node_label(row.node) if row.node else "", APPLICATION_STATES[row.state],
            )

    return Roster(
        _("%(plan)s 申报名册", plan=plan.name), PLAN_COLUMNS, rows(), roster_count(session, plan_id, filters, scope, MOST),
        _("%(who)s导出，证件号码已隐去部分数字。", who=actor.name), (Event.PLAN_ROSTER_EXPORTED, "plan", plan_id),
    )
