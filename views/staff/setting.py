"""Settings and the versions of the 诚信承诺书."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import flash
from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect
from wtforms import HiddenField
from wtforms.validators import DataRequired

from app.audit import canonical
from app.errors import Invalid
from app.rules.setting_value import NUMBER_TEMPLATE, check_value, sample_number
from app.rules.setting_words import in_brief
from models.application import Pledge
from models.setting import Setting
from views.base import SafeModelView
from views.base_fields import REQUIRED, LinesField, form_class
from views.staff.setting_field import SettingValueField, shown

VALUE = _l("取值")


class _Named:
    """Gives the field of the value the names of its keys before it reads what was sent."""

    value: SettingValueField

    def process(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        if obj is not None:
            self.value.names = obj.names or {}
        super().process(formdata, obj, **kwargs)  # type: ignore[misc]


class SettingView(SafeModelView):
    """Values are changed here; which settings there are, code decides."""

    datamodel = SQLAInterface(Setting)
    noun = _l("参数")
    exclude_route_methods = {"download", "add", "delete"}
    list_columns = ["label", "named_value"]
    show_columns = ["label", "key", "named_value", "updated_at"]
    search_columns = ["label", "key"]
    edit_columns = ["value"]
    order_columns = ["key"]
    label_columns = {"label": _l("名称"), "key": _l("参数名"), "value": VALUE, "named_value": VALUE, "updated_at": _l("修改时间")}
    formatters_columns = {"named_value": lambda pair: in_brief(*pair)}

    def _get_show_widget(self, pk: Any, item: Setting, *args: Any, **kwargs: Any) -> Any:
        """The whole value, where the list has its beginning."""
        widgets = super()._get_show_widget(pk, item, *args, **kwargs)
        widgets["show"].template_args["formatters_columns"] = {"named_value": lambda pair: shown(*pair)}
        return widgets

    def _init_forms(self) -> None:
        self.edit_form = type("SettingForm", (_Named, form_class(self, self.edit_columns)), {
            "value": SettingValueField(self.label_columns["value"]), "shown": HiddenField(),
        })
        super()._init_forms()

    def render_template(self, template: str, **kwargs: Any) -> Any:
        """The form says which setting it changes."""
        if template == self.edit_template:
            kwargs["title"] = kwargs["crumbs"][-1]["label"]
        return super().render_template(template, **kwargs)

    def pre_update(self, item: Setting) -> None:
        """Of the same shape as before; what must fit more than that is tried out."""
        before = inspect(item).attrs.value.history.deleted
        try:
            check_value(item.key, before[0] if before else item.value, item.value)
        except Invalid as error:
            raise Invalid(error.message, {"value": error.message}) from error
        if item.key == NUMBER_TEMPLATE:
            flash(_("按新模板生成的证书编号例如 %(number)s。", number=sample_number(item.value)), "info")


class PledgeView(SafeModelView):
    """Accepted pledges point at their version: versions are added, never changed."""

    datamodel = SQLAInterface(Pledge)
    noun = _l("诚信承诺书")
    exclude_route_methods = {"download", "edit", "delete"}
    list_columns = ["number", "title", "published_at"]
    show_columns = ["number", "title", "clauses", "sha256", "published_at"]
    add_columns = ["number", "title", "clauses"]
    base_order = ("number", "desc")
    label_columns = {
        "number": _l("版本"), "title": _l("标题"), "clauses": _l("条款"), "sha256": _l("内容摘要"), "published_at": _l("发布时间"),
    }

    def _init_forms(self) -> None:
        self.add_form = type("PledgeForm", (form_class(self, self.add_columns),), {
            "clauses": LinesField(self.label_columns["clauses"], validators=[DataRequired(REQUIRED)], description=_l("每行一条。")),
        })
        super()._init_forms()

    def pre_add(self, item: Any) -> None:
        item.sha256 = hashlib.sha256(canonical({"title": item.title, "clauses": item.clauses}).encode()).hexdigest()


def register(appbuilder: AppBuilder) -> None:
    """More of the menu 系统管理."""
    appbuilder.add_view(SettingView, "参数", category="系统管理")
    appbuilder.add_view(PledgeView, "诚信承诺书", category="系统管理")
