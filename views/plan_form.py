"""专业信息 of a plan: which form each series has in it, and its fields in words."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries.plan_form import forms_of
from app.rules.field_editing import to_rows
from app.services import plan as plans
from app.services import plan_form
from app.transaction import current_session
from views.base import current_actor
from views.plan_desk import own, trail
from views.staff.field_editor import FieldEditorView, Sent, Subject
from views.staff.field_table import describe_fields


class PlanFormView(FieldEditorView):
    """The forms of one's own plan."""

    route_base = "/plans/desk"
    default_view = "index"

    @expose("/<int:plan_id>/forms/")
    @has_access
    def index(self, plan_id: int) -> Any:
        """The series of the plan, each with its form in words."""
        plan = own(plan_id)
        edition = plan.draft_edition or plan.edition
        forms = forms_of(current_session(), plan_id, edition)
        return self.render(
            "plan/desk_forms.html", plan=plan, can_save=plans.may_edit(plan, edition), crumbs=trail(plan, _("专业信息")),
            forms=[(form, describe_fields(form.fields)) for form in forms],
        )

    @expose("/<int:plan_id>/forms/<int:series_id>/", methods=["GET", "POST"])
    @has_access
    def edit(self, plan_id: int, series_id: int) -> Any:
        """Change the fields of one series for this plan."""
        plan = own(plan_id)
        edition = plan.draft_edition or plan.edition
        form = next(iter(forms_of(current_session(), plan_id, edition, series_id)), None)
        if form is None:
            raise NotFound(_("该计划没有这个申报系列，请先在“可评审专业”中选择它的专业和职称。"))
        home = url_for("PlanFormView.index", plan_id=plan_id)

        def save(sent: Sent) -> str:
            changed = plan_form.save(
                plan_id=plan_id, series_id=series_id, definitions=sent.definitions, seen=sent.seen, actor=current_actor())
            return _("本计划的专业信息已保存。") if changed else _("内容没有变化。")

        title = _("%(series)s的专业信息", series=form.series)
        crumbs = trail(plan, _("专业信息"))
        crumbs[-1]["href"] = home
        can_save = plans.may_edit(plan, edition)
        subject = Subject(
            title=title, back=home, can_save=can_save, crumbs=[*crumbs, {"label": form.series}],
            note=_("只影响本计划。代码与平台表单相同的填写项，检测规则会照常检查；已经开始的申报保持原来的填写项。") if can_save else
            _("该计划已发布，这里只能查看。要修改请先在计划页面点“修订”。"),
        )
        return self.edit_fields(subject, lambda: (to_rows(form.fields, ()), [], form.digest), save, home)

    @expose("/<int:plan_id>/forms/<int:series_id>/restore", methods=["POST"])
    @has_access
    def restore(self, plan_id: int, series_id: int) -> Any:
        """恢复为平台表单."""
        with self.attempt() as outcome:
            plan_form.restore(plan_id=plan_id, series_id=series_id, actor=current_actor())
        if outcome.ok:
            flash(_("已改用平台现行的表单。"), "success")
        return redirect(url_for("PlanFormView.index", plan_id=plan_id))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PlanFormView)
