"""What belongs to an edition of a plan, as generated screens: changed in a draft or a revision, never once published."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_appbuilder import expose, has_access
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import HiddenField

from app.errors import Invalid, NotFound
from app.extensions import db
from app.services import file as files
from app.services import plan as plans
from app.transaction import current_session
from models.plan import (
    AttachmentSlot,
    PlanLevel,
    PlanOffering,
    ReviewStandard,
    StandardGroup,
    StandardItem,
    StandardSection,
)
from views.base import current_actor
from views.base_fields import form_class
from views.staff.plan_part import PlanPartView
from views.staff.slot_condition import ConditionField, in_words

PLAN, NAME, POSITION, LEVEL = _l("评审计划"), _l("名称"), _l("顺序"), _l("级别")
FILE_TYPES = {"png": "PNG", "jpg": "JPG", "pdf": "PDF", "doc": "DOC", "docx": "DOCX", "xlsx": "XLSX"}
OWN_PLAN = {"plan": "convener_id"}


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
        self._require_one_series(item)
        super().pre_add(item)

    def pre_update(self, item: PlanOffering) -> None:
        self._require_one_series(item)
        super().pre_update(item)

    def _require_one_series(self, item: PlanOffering) -> None:
        if item.specialty.series_id != item.series.id or item.title.series_id != item.series.id:
            sentence = _("所选专业、资格名称与职称系列不一致，请重新选择。")
            raise Invalid(sentence, {"series": sentence})


def section_text(section: StandardSection) -> str:
    """Sections of several standards and levels have the same names."""
    return f"{section.standard} / {section}" + (f"（{section.level}）" if section.level else "")


class StandardGroupView(PlanPartView):
    datamodel = SQLAInterface(StandardGroup)
    plan_path, through = "section.standard.plan_id", "section"
    noun = _l("任选条件组")
    owner = "section.standard.plan.convener_id"
    own_relations = {"section": "standard.plan.convener_id"}
    list_columns = ["name", "section", "minimum"]
    search_columns = ["name", "section"]
    add_columns = ["section", "name", "minimum"]
    label_columns = {"section": _l("标准分类"), "name": NAME, "minimum": _l("至少满足几项")}
    description_columns = {
        "name": _l("例如“以下条件满足其中 2 项”。"),
        "minimum": _l("建好后，在标准项里把“任选条件组”选为本组；组内的标准项不单独要求，满足够数即可。"),
    }

    def option_text(self, column: str, row: Any) -> str:
        return section_text(row) if column == "section" else super().option_text(column, row)


class StandardItemView(PlanPartView):
    datamodel = SQLAInterface(StandardItem)
    plan_path, through = "section.standard.plan_id", "section"
    page_size = 100
    noun = _l("评审标准项")
    owner = "section.standard.plan.convener_id"
    own_relations = {"section": "standard.plan.convener_id", "group": "section.standard.plan.convener_id"}
    list_columns = ["kind", "section", "minimum", "maximum", "group", "position"]
    show_columns = [*list_columns, "hint"]
    search_columns = ["section", "kind"]
    add_columns = ["section", "kind", "minimum", "maximum", "group", "hint", "position"]
    base_order = ("position", "asc")
    label_columns = {
        "section": _l("标准分类"), "kind": _l("业绩类别"), "minimum": _l("至少"), "maximum": _l("至多（0 为不限）"),
        "hint": _l("提示"), "group": _l("任选条件组"), "position": POSITION,
    }
    description_columns = {"group": _l("留空：这一项单独要求。选了组：至少几项才算满足，由“至少”决定（0 按 1 算）。")}

    def option_text(self, column: str, row: Any) -> str:
        if column == "group":
            return f"{section_text(row.section)} / {row}"
        return section_text(row) if column == "section" else super().option_text(column, row)

    def _path_of(self, column: str) -> str:
        return "section.standard.plan_id" if column == "group" else super()._path_of(column)

    def pre_add(self, item: StandardItem) -> None:
        self._require_group_of_section(item)
        super().pre_add(item)

    def pre_update(self, item: StandardItem) -> None:
        self._require_group_of_section(item)
        super().pre_update(item)

    def _require_group_of_section(self, item: StandardItem) -> None:
        if item.maximum and item.minimum > item.maximum:
            sentence = _("“至少”不能大于“至多”；不限上限时“至多”填 0。")
            raise Invalid(sentence, {"minimum": sentence})
        if item.group is not None and item.group.section_id != item.section.id:
            sentence = _("任选条件组须属于同一个标准分类，请重新选择。")
            raise Invalid(sentence, {"group": sentence})


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
    show_template = "ops/slot.html"
    owner = "plan.convener_id"
    own_relations = OWN_PLAN
    list_columns = ["name", "plan", "is_required", "condition", "types", "max_mb", "max_count", "position"]
    show_columns = [*list_columns, "hint"]
    search_columns = ["name", "plan", "is_required"]
    add_columns = ["plan", "name", "is_required", "condition", "types", "max_mb", "max_count", "hint", "position"]
    order_columns = ["name", "position"]
    base_order = ("position", "asc")
    choices = {"types": FILE_TYPES}
    label_columns = {
        "plan": PLAN, "name": NAME, "is_required": _l("必传"), "condition": _l("什么情况下要求"), "hint": _l("提示"),
        "types": _l("文件类型"), "max_mb": _l("单个文件上限（MB）"), "max_count": _l("最多个数"), "position": POSITION,
    }
    description_columns = {"hint": _l("显示在上传按钮旁，例如“正反面各一张”。模板文件在保存后的查看页上传。")}
    formatters_columns = {"condition": in_words}

    def row(self, pk: Any) -> Any:
        """The conditions speak of the fields of its plan."""
        row = super().row(pk)
        g.plan_in_view = row.plan_id
        return row

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """As `row`."""
        g.plan_in_view = self._plan_id() or 0
        return super().add()

    def _init_forms(self) -> None:
        label = self.label_columns["condition"]
        hint = _l("不是人人都要传的，选择条件并填写取值；符合条件的申报人才会看到这一项。")
        condition = ConditionField(label, description=hint)
        self.add_form = type("SlotForm", (form_class(self, self.add_columns),), {"condition": condition})
        self.edit_form = type("SlotEditForm", (self.add_form,), {"shown": HiddenField()})
        super()._init_forms()

    def pre_add(self, item: AttachmentSlot) -> None:
        """The code, under which applicants' files are kept, is ours to make; nothing ticked means the usual types."""
        super().pre_add(item)
        self._complete(item)
        used = set(db.session.execute(
            select(AttachmentSlot.code).where(AttachmentSlot.plan_id == item.plan.id)
        ).scalars())
        item.code = next(code for n in range(1, 10_000) if (code := f"slot{n}") not in used)

    def pre_update(self, item: AttachmentSlot) -> None:
        super().pre_update(item)
        self._complete(item)

    def _complete(self, item: AttachmentSlot) -> None:
        item.condition = item.condition or {}
        item.types = item.types or ["png", "pdf", "jpg"]
        if not 1 <= item.max_mb <= 50 or not 1 <= item.max_count <= 50:
            sentence = _("单个文件上限和最多个数须在 1 到 50 之间。")
            raise Invalid(sentence, {"max_mb": sentence})

    def pre_delete(self, item: AttachmentSlot) -> None:
        super().pre_delete(item)
        files.detach_all(subject_type="plan_slot", subject_id=item.id, actor=current_actor())

    def _get_show_widget(self, pk: Any, item: AttachmentSlot, *args: Any, **kwargs: Any) -> Any:
        """With the templates, which can be changed while the slot can."""
        widgets = super()._get_show_widget(pk, item, *args, **kwargs)
        widgets["templates"] = files.attachments_of("plan_slot", item.id)
        widgets["template_policy"] = plans.TEMPLATE_POLICY
        try:
            plan = plans.own_plan(current_session(), item.plan_id, current_actor())
            widgets["can_change"] = plans.may_edit(plan, item.edition)
        except NotFound:
            widgets["can_change"] = False
        return widgets


PARTS: tuple[type[PlanPartView], ...] = (
    PlanLevelView, PlanOfferingView, ReviewStandardView, StandardSectionView, StandardGroupView, StandardItemView,
    AttachmentSlotView,
)
