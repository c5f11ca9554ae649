"""Review plans and what belongs to them. A convener keeps its own plans; the platform sees all."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, action
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.rules import deadlines
from app.services import plan as plans
from app.transaction import current_session
from models.plan import (
    PLAN_STATES,
    PLAN_TYPES,
    ROUTES,
    AttachmentSlot,
    PlanLevel,
    PlanOffering,
    ReviewPlan,
    ReviewStandard,
    StandardItem,
    StandardSection,
)
from views.base import SafeModelView, current_actor
from views.base_query import RelationIs, SafeFilters, leads_to
from views.staff.region_path import ByRegionPath, region_path

PLAN, NAME, POSITION, LEVEL = _l("评审计划"), _l("名称"), _l("顺序"), _l("级别")
FILE_TYPES = {"png": "PNG", "jpg": "JPG", "pdf": "PDF", "doc": "DOC", "docx": "DOCX", "xls": "XLS", "xlsx": "XLSX"}
OWN_PLAN = {"plan": "convener_id"}
_SHOWN_PLAN = re.compile(r"/reviewplanview/show/(\d{1,18})")


class PlanPartView(SafeModelView):
    """What belongs to a plan: kept on the plan's page, where saving and deleting lead back to.

    plan_path: the way to the plan's id, from the row; through: the relationship by which it is chosen in the form.
    """

    plan_path = "plan_id"
    through = "plan"

    def _plan_id(self) -> int | None:
        """The plan on whose page the row is kept: named in the address, or of the page the request came from."""
        given = request.args.get("_flt_0_plan", "")
        came_from = urlsplit(request.referrer or "")
        if not given and came_from.netloc == request.host and request.method == "POST":
            match = _SHOWN_PLAN.fullmatch(came_from.path)
            given = match[1] if match else ""
        return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None

    def get_redirect(self) -> str:
        """To the plan's page when the row is kept there."""
        plan_id = self._plan_id()
        return url_for("ReviewPlanView.show", pk=plan_id) if plan_id else super().get_redirect()

    def _related_query(self, column: str) -> Any:
        """On a plan's page, the choices are the plan's own."""
        query, plan_id = super()._related_query(column), self._plan_id()
        if column != self.through or self.through == "plan" or plan_id is None:
            return query
        model = self.datamodel.get_related_model(column)
        return query.filter(leads_to(model, self.plan_path.partition(".")[2], plan_id))

    def _suggest(self, form: Any) -> None:
        """The only choice is chosen."""
        super()._suggest(form)
        if self._plan_id() is not None and self.through != "plan" and form[self.through].data is None:
            rows = self.related_rows(self.through, "")
            form[self.through].data = rows[0] if len(rows) == 1 else None


class InPlan(RelationIs):
    """Rows that belong to a plan in two or three steps."""

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(leads_to(self.model, self.path, value))


class PlanLevelView(PlanPartView):
    datamodel = SQLAInterface(PlanLevel)
    noun = _l("评审级别")
    owner = "plan.convener_id"
    own_relations = OWN_PLAN
    list_columns = ["level", "plan"]
    search_columns = ["plan", "level"]
    add_columns = ["plan", "level"]
    label_columns = {"plan": PLAN, "level": LEVEL}


class PlanOfferingView(PlanPartView):
    datamodel = SQLAInterface(PlanOffering)
    noun = _l("可评审专业")
    owner = "plan.convener_id"
    own_relations = OWN_PLAN
    list_columns = ["specialty", "title", "series", "plan"]
    search_columns = ["plan", "series", "specialty", "title"]
    add_columns = ["plan", "series", "specialty", "title"]
    label_columns = {
        "plan": PLAN, "series": _l("职称系列"), "specialty": _l("专业"), "title": _l("资格名称"),
    }

    def pre_add(self, item: PlanOffering) -> None:
        """Specialty and title must be of the series."""
        if item.specialty.series_id != item.series.id or item.title.series_id != item.series.id:
            sentence = _("所选专业、资格名称与职称系列不一致，请重新选择。")
            raise Invalid(sentence, {"series": sentence})

    pre_update = pre_add


class StandardItemView(PlanPartView):
    datamodel = SQLAInterface(StandardItem)
    plan_path, through = "section.standard.plan_id", "section"
    page_size = 100
    noun = _l("评审标准项")
    owner = "section.standard.plan.convener_id"
    own_relations = {"section": "standard.plan.convener_id"}
    list_columns = ["kind", "section", "minimum", "maximum", "position"]
    show_columns = [*list_columns, "hint"]
    search_columns = ["section", "kind"]
    add_columns = ["section", "kind", "minimum", "maximum", "hint", "position"]
    base_order = ("position", "asc")
    label_columns = {
        "section": _l("标准分类"), "kind": _l("业绩类别"), "minimum": _l("至少"), "maximum": _l("至多（0 为不限）"),
        "hint": _l("提示"), "position": POSITION,
    }

    def option_text(self, column: str, row: Any) -> str:
        """Sections of several standards and levels have the same names."""
        if column != "section":
            return super().option_text(column, row)
        return f"{row.standard} / {row}" + (f"（{row.level}）" if row.level else "")


class StandardSectionView(PlanPartView):
    datamodel = SQLAInterface(StandardSection)
    plan_path, through = "standard.plan_id", "standard"
    page_size = 100
    noun = _l("标准分类")
    related_views = [StandardItemView]
    owner = "standard.plan.convener_id"
    own_relations = {"standard": "plan.convener_id"}
    list_columns = ["name", "standard", "level", "position"]
    search_columns = ["name", "standard", "level"]
    add_columns = ["standard", "name", "level", "position"]
    base_order = ("position", "asc")
    label_columns = {"standard": _l("评审标准"), "name": NAME, "level": _l("级别（空为全部）"), "position": POSITION}


class ReviewStandardView(PlanPartView):
    datamodel = SQLAInterface(ReviewStandard)
    noun = _l("评审标准")
    related_views = [StandardSectionView]
    owner = "plan.convener_id"
    own_relations = OWN_PLAN
    list_columns = ["name", "plan", "position"]
    search_columns = ["name", "plan"]
    add_columns = ["plan", "name", "position"]
    label_columns = {"plan": PLAN, "name": NAME, "position": POSITION}


class AttachmentSlotView(PlanPartView):
    datamodel = SQLAInterface(AttachmentSlot)
    noun = _l("附件项")
    owner = "plan.convener_id"
    own_relations = OWN_PLAN
    list_columns = ["name", "plan", "is_required", "types", "max_mb", "max_count", "position"]
    show_columns = [*list_columns, "code", "condition"]
    search_columns = ["name", "plan", "is_required"]
    add_columns = ["plan", "code", "name", "is_required", "condition", "types", "max_mb", "max_count", "position"]
    order_columns = ["name", "position"]
    base_order = ("position", "asc")
    choices = {"types": FILE_TYPES}
    label_columns = {
        "plan": PLAN, "code": _l("编码"), "name": NAME, "is_required": _l("必传"), "condition": _l("条件"),
        "types": _l("文件类型"), "max_mb": _l("单个文件上限（MB）"), "max_count": _l("最多个数"), "position": POSITION,
    }

    def pre_add(self, item: AttachmentSlot) -> None:
        """An empty condition means always."""
        item.condition = item.condition or {}

    pre_update = pre_add


class ReviewPlanView(ByRegionPath, SafeModelView):
    """The state is no field: a plan is published and closed, and both are recorded."""

    datamodel = SQLAInterface(ReviewPlan)
    noun = PLAN
    related_views = [
        PlanLevelView, PlanOfferingView, ReviewStandardView, StandardSectionView, StandardItemView, AttachmentSlotView,
    ]
    show_template = "ops/plan.html"
    owner = "convener_id"
    own_relations = {"committee": "convener_id"}
    list_columns = ["name", "year", "committee", "region", "state", "opens_on", "closes_on"]
    show_columns = [
        "name", "year", "committee", "convener", "region", "plan_type", "state", "opens_on", "closes_on", "routes",
        "needs_interview", "scope_text", "content", "contact", "phone", "address", "published_at",
    ]
    search_columns = ["name", "year", "state", "plan_type", "committee", "region", "opens_on", "closes_on"]
    add_columns = [
        "year", "name", "committee", "region", "plan_type", "opens_on", "closes_on", "routes", "needs_interview", "scope_text", "content", "contact", "phone", "address",
    ]
    add_fieldsets = edit_fieldsets = [
        (_l("计划"), {"fields": ["name", "year", "committee", "region", "plan_type", "routes", "needs_interview"]}),
        (_l("申报时间"), {"fields": ["opens_on", "closes_on"]}),
        (_l("内容"), {"fields": ["scope_text", "content"]}),
        (_l("联系方式"), {"fields": ["contact", "phone", "address"]}),
    ]
    order_columns = ["year", "name", "opens_on", "closes_on"]
    base_order = ("id", "desc")
    choices = {"state": PLAN_STATES, "plan_type": PLAN_TYPES, "routes": ROUTES}
    label_columns = {
        "year": _l("年度"), "name": _l("计划名称"), "committee": _l("评委会"), "convener": _l("组建单位"),
        "region": _l("属地"), "plan_type": _l("评审类型"), "state": _l("状态"), "opens_on": _l("申报开始日期"),
        "closes_on": _l("申报截止日期"), "routes": _l("申报形式"), "needs_interview": _l("需要面试答辩"),
        "scope_text": _l("评审范围对象"), "content": _l("计划内容"), "contact": _l("联系人"), "phone": _l("联系电话"),
        "address": _l("联系地址"), "published_at": _l("发布时间"),
    }
    formatters_columns = {"region": region_path}

    def pre_add(self, item: ReviewPlan) -> None:
        """The convener is the committee's, whoever fills the form."""
        item.convener_id = item.committee.convener_id
        if not item.routes:
            raise Invalid(_("请至少选择一种申报形式。"), {"routes": _("请至少选择一种申报形式。")})
        if item.closes_on < item.opens_on:
            raise Invalid(_("截止日期不能早于开始日期。"), {"closes_on": _("截止日期不能早于开始日期。")})

    pre_update = pre_add

    def _suggest(self, form: Any) -> None:
        """This year, and the usual way to apply."""
        super()._suggest(form)
        form.year.data, form.routes.data = deadlines.today().year, ["regular"]

    def pre_delete(self, item: ReviewPlan) -> None:
        """What people have seen is closed, not deleted."""
        if item.state != "draft":
            raise Invalid(_("只有草稿可以删除；已发布的计划请“关闭”。"))

    def _related_widget(self, row: Any, view: Any) -> Any:
        """Sections and items hang on the plan by way of its standards."""
        if view.through == "plan":
            widget = super()._related_widget(row, view)
            widget.template_args["include_columns"] = [column for column in view.list_columns if column != "plan"]
            return widget
        filters = SafeFilters(view, [])
        below = InPlan("plan", view.datamodel, True)
        below.path = view.plan_path
        filters._add_filter(below, row.id)
        return view._page_widget(filters, more_href=url_for(f"{view.endpoint}.list"))[1]

    def _get_show_widget(self, pk: Any, item: ReviewPlan, *args: Any, **kwargs: Any) -> Any:
        """Only the step that the plan's state allows is offered."""
        widgets = super()._get_show_widget(pk, item, *args, **kwargs)
        step = {"draft": "publish", "published": "close"}.get(item.state)
        widgets["show"].template_args["actions"] = {k: a for k, a in self.actions.items() if k == step}
        if item.state == "draft":
            widgets["missing"] = plans.missing_parts(current_session(), item.id)
        return widgets

    @action("publish", _l("发布"), _l("发布后所有人都能看到该计划，申报时间内可以申报；发布后不能退回草稿。"), multiple=False)
    def publish(self, row: Any) -> Any:
        """草稿 → 已发布."""
        return self._step(row, plans.publish, _("已发布。"))

    @action("close", _l("关闭"), _l("关闭后不再接受申报，已提交的申报继续审核；关闭后不能重新发布。"), multiple=False)
    def close(self, row: Any) -> Any:
        """已发布 → 已关闭."""
        return self._step(row, plans.close, _("已关闭。"))

    def _step(self, row: Any, step: Any, done: str) -> Any:
        pk = row.id
        try:
            step(plan_id=pk, actor=current_actor())
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            db.session.rollback()
            flash(error.message, "danger")
        else:
            flash(done, "success")
        return redirect(url_for("ReviewPlanView.show", pk=pk))


def register(appbuilder: AppBuilder) -> None:
    """The menu 评审计划管理."""
    views: list[tuple[Any, str]] = [
        (ReviewPlanView, "评审计划"), (PlanLevelView, "评审级别"), (PlanOfferingView, "可评审专业"),
        (ReviewStandardView, "评审标准"), (StandardSectionView, "标准分类"), (StandardItemView, "评审标准项"),
        (AttachmentSlotView, "附件项"),
    ]
    for view, label in views:
        appbuilder.add_view(view, label, category="评审计划管理")
