"""评审计划: the public list and the page of a plan with 马上申报."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import Form, SelectField, StringField

from app.errors import NotFound
from app.queries import plan as plans
from app.queries import plan_search
from app.queries.plan_search import PlanFilters, PlanList
from app.queries.plan_standing import standing_of
from app.services import file as files
from app.transaction import current_session
from models.application import APPLICATION_STATES
from models.plan import PLAN_TYPES
from views.addresses import positive
from views.base import PageView, current_actor
from views.file_response import file_response

PHASES = {"open": ("ok", "申报中"), "coming": ("", "未开始"), "over": ("off", "已截止")}
TABS = {"scope": "评审范围对象", "offers": "可评审专业", "content": "计划内容"}


class PlanSearchForm(Form):
    """The search of the manual; a plain GET form, so that a search can be bookmarked."""

    name = StringField(_l("计划名称"), render_kw={"placeholder": _l("请输入计划名称进行查询"), "maxlength": 60, "type": "search"})
    year = SelectField(_l("年度"), validate_choice=False)
    level = SelectField(_l("评审级别"), validate_choice=False)
    series = SelectField(_l("申报系列"), validate_choice=False)
    committee = StringField(_l("评委会名称"), render_kw={"maxlength": 60})
    region = SelectField(_l("属地"), validate_choice=False)
    type = SelectField(_l("计划类型"), validate_choice=False)

    def filters(self) -> PlanFilters:
        """The search; nonsense in the address counts as nothing."""
        year = positive(self.year.data)
        return PlanFilters(
            name=(self.name.data or "").strip()[:60], year=year if year and year < 10_000 else None,
            level=(self.level.data or "")[:20], series_id=positive(self.series.data),
            committee=(self.committee.data or "").strip()[:60], region=(self.region.data or "")[:6],
            plan_type=self.type.data or "",
        )


@dataclass(frozen=True)
class PlanSearch:
    """The search form, the page of plans it found, and the addresses of the neighbouring pages."""

    form: PlanSearchForm
    page: PlanList
    newer_href: str | None
    older_href: str | None
    active: bool


def search_plans() -> PlanSearch:
    """Search with what stands in the address of this request; the names of its pages are its own, so that it can stand beside other lists."""
    session = current_session()
    form = PlanSearchForm(request.args)
    offered = plan_search.search_choices(session)
    form.year.choices = [("", _("全部年度")), *((str(year), str(year)) for year in offered.years)]
    form.level.choices = [("", _("全部级别")), *((level, level) for level in offered.levels)]
    form.series.choices = [("", _("全部系列")), *((str(key), name) for key, name in offered.series)]
    form.region.choices = [("", _("全部属地")), *offered.regions]
    form.type.choices = [("", _("全部计划")), *((key, _(label)) for key, label in PLAN_TYPES.items())]
    for field in (form.year, form.level, form.series, form.region, form.type):
        field.data = field.data or ""
    page = plan_search.search(
        session, form.filters(), before=request.args.get("plans_before"), after=request.args.get("plans_after")
    )
    kept = {key: value for key, value in form.data.items() if value}

    def address(**key: str | None) -> str | None:
        if not any(key.values()):
            return None
        return f"{request.path}?{urlencode({**kept, **{k: v for k, v in key.items() if v}})}#plans"

    return PlanSearch(form, page, address(plans_after=page.newer), address(plans_before=page.older), bool(kept))


class PlanView(PageView):
    """Open to everybody: nothing here belongs to anyone."""

    route_base = "/plans"
    default_view = "index"

    @expose("/")
    def index(self) -> Any:
        """评审计划."""
        return self.render("plan/index.html", search=search_plans(), phases=PHASES)

    @expose("/<int:plan_id>/documents/<int:attachment_id>")
    def document(self, plan_id: int, attachment_id: int) -> Any:
        """One of 相关附件 of a published plan: for everybody, like the plan."""
        plan = plans.plan_page(current_session(), plan_id)
        if attachment_id not in {row.id for row in plan.files}:
            raise NotFound(_("没有找到这个附件，它可能已被删除。"))
        item = files.attachment(attachment_id)
        return file_response(item.file, item.name, inline="inline" in request.args)

    @expose("/<int:plan_id>")
    def show(self, plan_id: int) -> Any:
        """基本信息, 评审范围对象, 可评审专业, 计划内容, 相关附件, 马上申报."""
        session = current_session()
        plan = plans.plan_page(session, plan_id)
        actor = current_actor() if current_user.is_authenticated else None
        tab = request.args.get("tab", "")
        return self.render(
            "plan/show.html", plan=plan, standing=standing_of(session, plan, actor), actor=actor,
            tab=tab if tab in TABS else "scope", tabs=TABS, phases=PHASES, states=APPLICATION_STATES,
            plan_types=PLAN_TYPES, specialties=by_specialty(plan),
            crumbs=[{"label": _("首页"), "href": "/"}, {"label": _("职称申报"), "href": url_for("PlanView.index")},
                    {"label": _("职称申报申请计划")}],
        )


def by_specialty(plan: plans.PlanPage) -> dict[str, list[tuple[str, list[str]]]]:
    """系列 → [(专业, its titles)], for the table of 可评审专业."""
    found: dict[str, dict[str, list[str]]] = {}
    for offer in plan.offers:
        found.setdefault(offer.series, {}).setdefault(offer.specialty, []).append(offer.title)
    return {series: list(rows.items()) for series, rows in found.items()}


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PlanView)
