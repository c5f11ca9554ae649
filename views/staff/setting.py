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

from app.audit import canonical
from app.errors import Invalid
from app.rules.setting_value import NUMBER_TEMPLATE, check_value, sample_number
from models.application import Pledge
from models.setting import Setting
from views.base import SafeModelView
from views.base_fields import form_class
from views.staff.setting_field import SettingValueField, shown


class SettingView(SafeModelView):
    """Values are changed here; which settings there are, code decides."""

    datamodel = SQLAInterface(Setting)
    noun = _l("参数")
    exclude_route_methods = {"download", "add", "delete"}
    list_columns = ["label", "key", "value"]
    show_columns = ["label", "key", "value", "updated_at"]
    search_columns = ["label", "key"]
    edit_columns = ["value"]
    order_columns = ["key"]
    label_columns = {"label": _l("名称"), "key": _l("参数名"), "value": _l("取值"), "updated_at": _l("修改时间")}
    formatters_columns = {"value": shown}

    def _init_forms(self) -> None:
        self.edit_form = type("SettingForm", (form_class(self, self.edit_columns),), {
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

    def pre_add(self, item: Any) -> None:
        if not isinstance(item.clauses, list) or not all(isinstance(line, str) and line for line in item.clauses or []):
            raise Invalid(_("条款须为文字列表。"), {"clauses": _("请填写 JSON 列表，每条一句，例如 [\"第一条\", \"第二条\"]。")})
        item.sha256 = hashlib.sha256(canonical({"title": item.title, "clauses": item.clauses}).encode()).hexdigest()


def register(appbuilder: AppBuilder) -> None:
    """More of the menu 系统管理."""
    appbuilder.add_view(SettingView, "参数", category="系统管理")
    appbuilder.add_view(PledgeView, "诚信承诺书", category="系统管理")
