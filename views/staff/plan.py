"""Review plans: a convener makes and keeps its own, the platform sees all. What belongs to a plan: plan_parts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import flash, g, redirect, url_for
from flask_appbuilder import AppBuilder, action, expose, has_access
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.widgets import TextArea

from app.audit import Event
from app.errors import DomainError, Invalid, NotAllowed, NotFound, WrongState
from app.extensions import db
from app.queries import plan_desk
from app.queries.plan import DOCUMENTS, phase
from app.rules import deadlines, rich_text
from app.services import file as files
from app.services import plan as plans
from app.transaction import current_session
from models.application import APPLICATION_STATES
from models.plan import PLAN_STATES, PLAN_TYPES, ROUTES, ReviewPlan
from views.base import SafeModelView, current_actor
from views.base_fields import form_class
from views.base_query import SafeFilters
from views.plan import PHASES
from views.screen import rich
from views.staff.plan_part import InPlan, shown_edition
from views.staff.plan_parts import PARTS, PLAN
from views.staff.region_path import ByRegionPath, region_path

RICH = {"data-rich": "", "rows": "10"}
# Where each part of the checklist is mended: an endpoint of the desk, or a list on the plan's page.
_PLACES = {"offerings": "PlanDeskView.offerings", "checks": "PlanDeskView.checks", "forms": "PlanFormView.index"}
_ANCHORS = {"standards": "ReviewStandardView", "slots": "AttachmentSlotView", "documents": "documents"}


class ReviewPlanView(ByRegionPath, SafeModelView):
    """The state is no field: a plan is published and closed, and both are recorded."""

    datamodel = SQLAInterface(ReviewPlan)
    noun = PLAN
    related_views = list(PARTS)
    show_template = "ops/plan.html"
    owner = "convener_id"
    own_relations = {"committee": "convener_id"}
    list_columns = ["name", "year", "committee", "region", "state", "opens_on", "closes_on"]
    show_columns = [
        "name", "year", "committee", "convener", "region", "plan_type", "state", "opens_on", "closes_on", "routes",
        "needs_interview", "allows_exemption", "exemption_note", "scope_text", "content", "contact", "phone", "address",
        "published_at",
    ]
    search_columns = ["name", "year", "state", "plan_type", "committee", "region", "opens_on", "closes_on"]
    add_columns = [
        "year", "name", "committee", "region", "plan_type", "opens_on", "closes_on", "routes", "needs_interview",
        "allows_exemption", "exemption_note", "scope_text", "content", "contact", "phone", "address",
    ]
    add_fieldsets = edit_fieldsets = [
        (_l("计划"), {"fields": ["name", "year", "committee", "region", "plan_type", "routes"]}),
        (_l("申报时间"), {"fields": ["opens_on", "closes_on"]}),
        (_l("面试答辩"), {"fields": ["needs_interview", "allows_exemption", "exemption_note"]}),
        (_l("内容"), {"fields": ["scope_text", "content"]}),
        (_l("联系方式"), {"fields": ["contact", "phone", "address"]}),
    ]
    order_columns = ["year", "name", "opens_on", "closes_on"]
    base_order = ("opens_on", "desc")
    choices = {"state": PLAN_STATES, "plan_type": PLAN_TYPES, "routes": ROUTES}
    label_columns = {
        "year": _l("年度"), "name": _l("计划名称"), "committee": _l("评委会"), "convener": _l("组建单位"),
        "region": _l("属地"), "plan_type": _l("计划类型"), "state": _l("状态"), "opens_on": _l("申报开始日期"),
        "closes_on": _l("申报截止日期"), "routes": _l("申报形式"), "needs_interview": _l("需要面试答辩"),
        "allows_exemption": _l("可以申请免面试"), "exemption_note": _l("免面试的条件"), "scope_text": _l("评审范围对象"),
        "content": _l("计划内容"), "contact": _l("联系人"), "phone": _l("联系电话"), "address": _l("联系地址"),
        "published_at": _l("发布时间"),
    }
    description_columns = {
        "region": _l("也是受理区域：申报单位不在这个属地及其下级的，检测时会提示。"),
        "closes_on": _l("到当天 23:59:59（北京时间）为止。"),
        "routes": _l("每种申报形式填什么表、不检查哪些规则，见“预览”；由平台在“申报形式表单”中设置。"),
        "content": _l("可以从 Word 粘贴；字体、颜色等格式会被去掉，标题、列表、表格、链接会保留。"),
    }
    formatters_columns = {"region": region_path, "scope_text": rich, "content": rich}

    def _init_forms(self) -> None:
        form = form_class(self, self.add_columns)
        for name in ("scope_text", "content"):
            field = getattr(form, name)
            field.kwargs |= {"render_kw": RICH, "widget": TextArea()}
        self.add_form = form
        self.edit_form = type("PlanEditForm", (form,), {"shown": HiddenField()})
        super()._init_forms()

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: Any) -> Any:
        """Drafts as a whole; of what was published only the description changes, on a page of its own."""
        row = self.row(pk)
        if row.state != "draft":
            return redirect(url_for("PlanDeskView.describe", plan_id=row.id))
        return super().edit(pk)

    def pre_add(self, item: ReviewPlan) -> None:
        """The convener is the committee's, whoever fills the form."""
        item.convener_id = item.committee.convener_id
        item.scope_text, item.content = rich_text.checked(item.scope_text), rich_text.checked(item.content)
        wrong: dict[str, str] = {}
        if not item.routes:
            wrong["routes"] = _("请至少选择一种申报形式。")
        if item.closes_on < item.opens_on:
            wrong["closes_on"] = _("截止日期不能早于开始日期。")
        if not 2000 <= item.year <= deadlines.today().year + 2:
            wrong["year"] = _("年度填写有误，请填写四位年份。")
        if item.allows_exemption and not item.needs_interview:
            wrong["allows_exemption"] = _("不需要面试的计划没有免面试，请取消勾选。")
        if wrong:
            raise Invalid(next(iter(wrong.values())), wrong)

    def pre_update(self, item: ReviewPlan) -> None:
        if item.state != "draft":
            raise WrongState(_("该计划已发布，名称、年度、评委会、申报形式等不能再修改。"))
        self.pre_add(item)

    def _suggest(self, form: Any) -> None:
        """This year, the usual way to apply, and the only committee."""
        super()._suggest(form)
        form.year.data, form.routes.data = deadlines.today().year, ["regular"]
        committees = self.related_rows("committee", "")
        if len(committees) == 1 and form.committee.data is None:
            form.committee.data, form.region.data = committees[0], committees[0].region

    def locked(self, item: ReviewPlan) -> Collection[str]:
        """Who does not keep it only looks; of what was published 编辑 leads to the description, and nothing is deleted."""
        if not self._may_change(item):
            return "edit", "delete"
        return () if item.state == "draft" else ("delete",)

    def pre_delete(self, item: ReviewPlan) -> None:
        """What people have seen is closed, not deleted."""
        if item.state != "draft":
            raise Invalid(_("只有草稿可以删除；已发布的计划请“关闭”。"))
        files.detach_all(subject_type=DOCUMENTS, subject_id=item.id, actor=current_actor())
        for slot in item.slots:
            files.detach_all(subject_type="plan_slot", subject_id=slot.id, actor=current_actor())

    def _related_widget(self, row: Any, view: Any) -> Any:
        """The parts of one edition; they hang on the plan directly or by way of its standards."""
        edition = shown_edition(row)
        filters = SafeFilters(view, [])
        below = InPlan("plan", view.datamodel, True)
        below.path, below.edition = view.plan_path, edition
        filters._add_filter(below, row.id)
        widget = view._page_widget(filters, more_href=url_for(f"{view.endpoint}.list"))[1]
        widget.template_args["include_columns"] = [column for column in view.list_columns if column != "plan"]
        widget.template_args["blank"] = _("还没有设置")
        widget.template_args["read_only"] = not (plans.may_edit(row, edition) and self._may_change(row))
        return widget

    def _may_change(self, row: ReviewPlan) -> bool:
        """Whether the actor keeps this plan: its convener, or an administrator. Operations only look."""
        actor = current_actor()
        return "Admin" in actor.roles or (actor.organization_id is not None and actor.organization_id == row.convener_id)

    def _get_show_widget(self, pk: Any, item: ReviewPlan, *args: Any, **kwargs: Any) -> Any:
        """The plan's home: what is set and what is missing, how it is used, and the steps its state allows."""
        g.plan_in_view = item.id
        widgets = super()._get_show_widget(pk, item, *args, **kwargs)
        session, edition = current_session(), shown_edition(item)
        step = {"draft": "publish", "published": "close"}.get(item.state)
        widgets["show"].template_args["actions"] = {k: a for k, a in self.actions.items() if k == step}
        parts = plan_desk.parts_of(session, item.id, edition)
        widgets["show"].template_args["main"] = "publish" if step == "publish" and not plans.blocking(parts) else ""
        figures = plan_desk.figures_of(session, item.id)
        may_change = self._may_change(item)
        widgets["desk"] = {
            "plan": item, "phase": phase(item.state, item.opens_on, item.closes_on), "phases": PHASES,
            "parts": [(part, self._place(part.place, item) if may_change else None) for part in parts],
            "missing": plans.blocking(parts), "figures": figures, "states": APPLICATION_STATES,
            "may_change": may_change, "may_edit": may_change and plans.may_edit(item, edition),
            "can_extend": may_change and item.state == "published", "edition": edition,
            "documents": files.attachments_of(DOCUMENTS, item.id), "policy": plans.DOCUMENT_POLICY,
            "can_roster": self.appbuilder.sm.has_access("can_roster", "PlanRosterView"),
        }
        return widgets

    def _place(self, place: str, item: ReviewPlan) -> str:
        if place == "plan":
            return url_for("ReviewPlanView.edit", pk=item.id)
        if place in _PLACES:
            return url_for(_PLACES[place], plan_id=item.id)
        return "#" + _ANCHORS[place]

    @action("publish", _l("发布"), _l("发布后所有人都能看到该计划，申报时间内可以申报；发布后不能退回草稿。"), multiple=False)
    def publish(self, row: Any) -> Any:
        """草稿 → 已发布."""
        return self._step(row, plans.publish, _("已发布。"))

    @action("close", _l("关闭"), _l("关闭后不再接受申报，已提交的申报继续审核；需要时可以“重新开放”。"), multiple=False)
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
            flash(_(error.message), "danger")
        else:
            flash(done, "success")
        return redirect(url_for("ReviewPlanView.show", pk=pk))

    def get_redirect(self) -> str:
        """After saving to the plan's own page, where the rest of it is set up."""
        saved = g.get("saved_plan")
        return url_for("ReviewPlanView.show", pk=saved) if saved else super().get_redirect()

    def _record(self, session: Any, event: Event, item: ReviewPlan, data: dict[str, Any]) -> None:
        super()._record(session, event, item, data)
        if event != Event.RECORD_DELETED:
            g.saved_plan = item.id


def register(appbuilder: AppBuilder) -> None:
    """The menu 评审计划管理."""
    labels = ("评审级别", "可评审专业", "评审标准", "标准分类", "任选条件组", "评审标准项", "附件项")
    for view, label in ((ReviewPlanView, "评审计划"), *zip(PARTS, labels, strict=True)):
        appbuilder.add_view(view, label, category="评审计划管理")
