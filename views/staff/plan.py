"""Review plans and what belongs to them. A convener keeps its own plans; the platform sees all."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Invalid
from models.base import utcnow
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
from views.base import SafeModelView

PLAN, NAME, POSITION, LEVEL = _l("评审计划"), _l("名称"), _l("顺序"), _l("级别")
FILE_TYPES = {"png": "PNG", "jpg": "JPG", "pdf": "PDF", "doc": "DOC", "docx": "DOCX", "xls": "XLS", "xlsx": "XLSX"}
OWN_PLAN = {"plan": "convener_id"}


class PlanLevelView(SafeModelView):
    datamodel = SQLAInterface(PlanLevel)
    noun = _l("评审级别")
    owner = "plan.convener_id"
    own_relations = OWN_PLAN
    list_columns = ["level", "plan"]
    search_columns = ["plan", "level"]
    add_columns = ["plan", "level"]
    label_columns = {"plan": PLAN, "level": LEVEL}


class PlanOfferingView(SafeModelView):
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


class StandardItemView(SafeModelView):
    datamodel = SQLAInterface(StandardItem)
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


class StandardSectionView(SafeModelView):
    datamodel = SQLAInterface(StandardSection)
    noun = _l("标准分类")
    related_views = [StandardItemView]
    owner = "standard.plan.convener_id"
    own_relations = {"standard": "plan.convener_id"}
    list_columns = ["name", "standard", "level", "position"]
    search_columns = ["name", "standard", "level"]
    add_columns = ["standard", "name", "level", "position"]
    base_order = ("position", "asc")
    label_columns = {"standard": _l("评审标准"), "name": NAME, "level": _l("级别（空为全部）"), "position": POSITION}


class ReviewStandardView(SafeModelView):
    datamodel = SQLAInterface(ReviewStandard)
    noun = _l("评审标准")
    related_views = [StandardSectionView]
    owner = "plan.convener_id"
    own_relations = OWN_PLAN
    list_columns = ["name", "plan", "position"]
    search_columns = ["name", "plan"]
    add_columns = ["plan", "name", "position"]
    label_columns = {"plan": PLAN, "name": NAME, "position": POSITION}


class AttachmentSlotView(SafeModelView):
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


class ReviewPlanView(SafeModelView):
    datamodel = SQLAInterface(ReviewPlan)
    noun = PLAN
    related_views = [PlanLevelView, PlanOfferingView, ReviewStandardView, AttachmentSlotView]
    owner = "convener_id"
    own_relations = {"committee": "convener_id"}
    list_columns = ["name", "year", "committee", "region", "state", "opens_on", "closes_on"]
    show_columns = [
        "year", "name", "committee", "convener", "region", "plan_type", "state", "opens_on", "closes_on", "routes",
        "needs_interview", "scope_text", "content", "contact", "phone", "address", "published_at",
    ]
    search_columns = ["name", "year", "state", "plan_type", "committee", "region", "opens_on", "closes_on"]
    add_columns = [
        "year", "name", "committee", "region", "plan_type", "state", "opens_on", "closes_on", "routes",
        "needs_interview", "scope_text", "content", "contact", "phone", "address",
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

    def pre_add(self, item: ReviewPlan) -> None:
        """The convener is the committee's, whoever fills the form."""
        item.convener_id = item.committee.convener_id
        if not item.routes:
            raise Invalid(_("请至少选择一种申报形式。"), {"routes": _("请至少选择一种申报形式。")})
        if item.closes_on < item.opens_on:
            raise Invalid(_("截止日期不能早于开始日期。"), {"closes_on": _("截止日期不能早于开始日期。")})
        if item.state == "published" and item.published_at is None:
            item.published_at = utcnow()

    pre_update = pre_add


def register(appbuilder: AppBuilder) -> None:
    """The menu 评审计划管理."""
    views: list[tuple[Any, str]] = [
        (ReviewPlanView, "评审计划"), (PlanLevelView, "评审级别"), (PlanOfferingView, "可评审专业"),
        (ReviewStandardView, "评审标准"), (StandardSectionView, "标准分类"), (StandardItemView, "评审标准项"),
        (AttachmentSlotView, "附件项"),
    ]
    for view, label in views:
        appbuilder.add_view(view, label, category="评审计划管理")
