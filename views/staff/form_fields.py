"""The fields of 专业信息表单 and 申报形式表单 in words, as those of kinds are edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries.plan_form import digest_of
from app.rules.field_editing import to_rows
from app.services import form_fields
from app.transaction import current_session
from models.route_form import RouteForm
from models.series_form import SeriesForm
from views.base import current_actor
from views.staff.field_editor import FieldEditorView, Sent, Subject


class FormFieldsView(FieldEditorView):
    """One form's fields."""

    route_base = "/forms"
    default_view = "series"

    @expose("/series/<int:form_id>/fields/", methods=["GET", "POST"])
    @has_access
    def series(self, form_id: int) -> Any:
        """专业信息 of a series, or the common 个人信息."""
        return self._edit(
            SeriesForm, form_id, "SeriesFormView", _("专业信息表单"), form_fields.save_series_form,
            _("保存后，之后发布的计划按新的表单；已经发布的计划和已经开始的申报保持原来的表单。个人信息对所有申报立即生效。"),
        )

    @expose("/route/<int:form_id>/fields/", methods=["GET", "POST"])
    @has_access
    def route(self, form_id: int) -> Any:
        """What a 申报形式 fills in."""
        return self._edit(
            RouteForm, form_id, "RouteFormView", _("申报形式表单"), form_fields.save_route_form,
            _("保存后立即生效，包括正在填报的申报；已提交的申报材料不变。"),
        )

    def _edit(self, model: Any, form_id: int, screen: str, name: str, write: Callable[..., bool], note: str) -> Any:
        row = current_session().get(model, form_id)
        if row is None:
            raise NotFound(_("没有找到这张表单。"))
        home, label = url_for(f"{screen}.show", pk=form_id), str(row)
        fields = list(row.fields)

        def save(sent: Sent) -> str:
            changed = write(form_id=form_id, definitions=sent.definitions, seen=sent.seen, actor=current_actor())
            return _("已保存。") if changed else _("内容没有变化。")

        subject = Subject(
            title=_("%(kind)s的填写项", kind=label), note=note, back=home,
            crumbs=[{"label": _("首页"), "href": "/"}, {"label": name, "href": url_for(f"{screen}.list")},
                    {"label": label, "href": home}, {"label": _("填写项")}],
        )
        return self.edit_fields(subject, lambda: (to_rows(fields, ()), [], digest_of(fields)), save, home)


def register(appbuilder: Any) -> None:
    """No menu entry: they are reached from the forms."""
    appbuilder.add_view_no_menu(FormFieldsView)
