"""审核路径: the rules that make a route, and the simulator that says which one holds and why."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask_appbuilder import AppBuilder, expose, has_access
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.errors import DomainError, Invalid
from app.queries.organization import search_organizations
from app.queries.routing import route_for, without_account
from app.rules.routing import NoRoute
from app.transaction import current_session
from models.organization import ORGANIZATION_KINDS, Organization
from models.plan import PLAN_TYPES, ReviewPlan
from models.region import REGION_LEVELS
from models.routing import PLACES, STEP_NODES, YES_OR_NO, RouteRule, RouteStep
from models.series import TitleLevel, TitleSeries
from views.addresses import positive
from views.base import PageView, SafeModelView

ANY = {"": "不限"}


class RouteStepView(SafeModelView):
    datamodel = SQLAInterface(RouteStep)
    noun = _l("审核路径步骤")
    list_columns = ["rule", "position", "node", "place", "organization", "is_optional"]
    search_columns = ["rule", "node"]
    add_columns = ["rule", "position", "node", "place", "organization", "is_optional"]
    base_order = ("position", "asc")
    choices = {"node": STEP_NODES, "place": PLACES}
    option_columns = {"organization": ("name", "pinyin", "uscc")}
    label_columns = {
        "rule": _l("规则"), "position": _l("顺序"), "node": _l("审核节点"), "place": _l("在哪里找"),
        "organization": _l("指定单位"), "is_optional": _l("没有时省略"),
    }

    def pre_add(self, item: RouteStep) -> None:
        """A named unit exactly where the step asks for one."""
        if (item.place == "named") != (item.organization is not None):
            sentence = _("“在哪里找”为“指定单位”时请选择单位，其他情况请留空。")
            raise Invalid(sentence, {"organization": sentence})
        if item.node == "extra" and item.place != "named":
            sentence = _("“其他单位”须指定单位。")
            raise Invalid(sentence, {"place": sentence})

    pre_update = pre_add


class RouteRuleView(SafeModelView):
    datamodel = SQLAInterface(RouteRule)
    noun = _l("审核路径规则")
    related_views = [RouteStepView]
    list_columns = ["position", "name", "unit_level", "is_central", "plan_level", "enabled", "note"]
    show_columns = [
        "position", "name", "enabled", "unit_level", "nature_code", "is_central", "own_committee", "organization",
        "plan_type", "plan_level", "plan", "series", "level", "note",
    ]
    search_columns = ["name", "enabled"]
    add_columns = show_columns
    base_order = ("position", "asc")
    choices = {
        "unit_level": ANY | REGION_LEVELS, "plan_level": ANY | REGION_LEVELS, "plan_type": ANY | PLAN_TYPES,
        "is_central": YES_OR_NO, "own_committee": YES_OR_NO,
    }
    option_columns = {"organization": ("name", "pinyin", "uscc")}
    label_columns = {
        "position": _l("顺序（小的先）"), "name": _l("规则名称"), "enabled": _l("启用"), "unit_level": _l("单位属地级别"),
        "nature_code": _l("单位性质代码"), "is_central": _l("中央驻皖单位"), "own_committee": _l("本单位组建评委会"),
        "organization": _l("仅适用单位"), "plan_type": _l("计划类型"), "plan_level": _l("评委会属地级别"), "plan": _l("仅适用计划"),
        "series": _l("职称系列"), "level": _l("级别"), "note": _l("说明"),
    }


class RouteSimulatorView(PageView):
    """For this unit, series, level and plan: the nodes, by name, and why."""

    route_base = "/routing/simulator"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The question by GET, so that it can be kept and sent on; with the answer when it is complete."""
        session = current_session()
        ids = {key: positive(request.args.get(key)) for key in ("unit", "series", "level", "plan")}
        unit = session.get(Organization, ids["unit"]) if ids["unit"] else self._by_name()
        plan = session.get(ReviewPlan, ids["plan"]) if ids["plan"] else None
        route, problem, unstaffed = None, "", set()
        if unit and plan and ids["series"]:
            try:
                route = route_for(
                    session, unit_id=unit.id, series_id=ids["series"], level_id=ids["level"], plan_id=plan.id
                )
                unstaffed = without_account(session, [stop.organization_id for stop in route.stops])
            except NoRoute as error:
                problem = _("没有找到%(missing)s。请补充管辖范围或审核路径规则。", missing=error.missing)
            except DomainError as error:
                problem = error.message
        elif request.args:
            problem = _("请选择单位、职称系列和评审计划。")
        return self.render(
            "routing/simulator.html", unit=unit, plan=plan, ids=ids, route=route, problem=problem, unstaffed=unstaffed,
            series=session.execute(
                select(TitleSeries.id, TitleSeries.name).where(TitleSeries.enabled).order_by(TitleSeries.position)).all(),
            levels=session.execute(select(TitleLevel.id, TitleLevel.name).order_by(TitleLevel.rank.desc())).all(),
        )

    def _by_name(self) -> Organization | None:
        """Without scripts the unit is typed."""
        found = search_organizations(
            current_session(), text=request.args.get("unit__q", "")[:50], kinds=tuple(ORGANIZATION_KINDS), limit=2
        )
        return found[0] if len(found) == 1 else None

    @expose("/units/")
    @has_access
    def units(self) -> Any:
        """Units for the remote select."""
        found = search_organizations(
            current_session(), text=request.args.get("q", "")[:50], kinds=tuple(ORGANIZATION_KINDS)
        )
        return jsonify([{"id": unit.id, "text": unit.name} for unit in found])

    @expose("/plans/")
    @has_access
    def plans(self) -> Any:
        """Plans for the remote select, newest first."""
        text = request.args.get("q", "").strip()[:50]
        found = current_session().execute(
            select(ReviewPlan.id, ReviewPlan.name).where(ReviewPlan.name.contains(text, autoescape=True))
            .order_by(ReviewPlan.year.desc(), ReviewPlan.id.desc()).limit(20)
        )
        return jsonify([{"id": row.id, "text": row.name} for row in found])


def register(appbuilder: AppBuilder) -> None:
    """More of the menu 单位管理."""
    appbuilder.add_view(RouteRuleView, "审核路径规则", category="单位管理")
    appbuilder.add_view(RouteStepView, "审核路径步骤", category="单位管理")
    appbuilder.add_view(RouteSimulatorView, "审核路径模拟", category="单位管理")
