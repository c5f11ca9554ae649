"""The kinds of achievement and their fields; a version is never changed, a new one is added."""

from __future__ import annotations

import re
from typing import Any

from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Invalid
from app.rules.fields import check_definition
from models.achievement import AchievementCategory, AchievementKind, AchievementKindVersion
from views.base import SafeModelView
from views.staff.field_table import column_names, describe_fields

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
KIND, NAME = _l("业绩类别"), _l("名称")


class AchievementKindVersionView(SafeModelView):
    """Read and add only: items keep the version they were filled under."""

    datamodel = SQLAInterface(AchievementKindVersion)
    noun = _l("业绩字段版本")
    exclude_route_methods = {"download", "edit", "delete"}
    list_columns = ["kind", "number", "created_at"]
    show_columns = ["kind", "number", "created_at", "list_columns"]
    show_template = "ops/field_definitions.html"
    search_columns = ["kind"]
    add_columns = ["kind", "number", "fields", "list_columns"]
    label_columns = {
        "kind": KIND, "number": _l("版本"), "created_at": _l("创建时间"), "fields": _l("字段定义"),
        "list_columns": _l("列表字段"),
    }

    def pre_add(self, item: AchievementKindVersion) -> None:
        """A definition that the forms could not read is refused with the reason."""
        check_definition(item.fields, item.list_columns)

    def _get_show_widget(self, pk: Any, item: AchievementKindVersion, *args: Any, **kwargs: Any) -> Any:
        """The fields as a table, the columns of lists by their names."""
        widgets = super()._get_show_widget(pk, item, *args, **kwargs)
        names = column_names(item.fields, item.list_columns)
        values = widgets["show"].template_args["value_columns"]
        widgets["show"].template_args["value_columns"] = [*values[:-1], names]
        return widgets | {"definitions": describe_fields(item.fields)}


class AchievementKindView(SafeModelView):
    datamodel = SQLAInterface(AchievementKind)
    noun = KIND
    related_views = [AchievementKindVersionView]
    show_template = "ops/kind.html"
    list_columns = ["name", "code", "category", "position", "enabled"]
    show_columns = [*list_columns, "note"]
    search_columns = ["name", "code", "category", "enabled"]
    add_columns = ["category", "name", "code", "position", "note", "enabled"]
    label_columns = {
        "category": _l("业绩分类"), "name": NAME, "code": _l("编码"), "position": _l("顺序"), "note": _l("说明"),
        "enabled": _l("启用"),
    }


    def pre_add(self, item: AchievementKind) -> None:
        """The code stands in addresses."""
        _check_code(item.code)

    def pre_update(self, item: AchievementKind) -> None:
        """As for a new one."""
        _check_code(item.code)


def _check_code(code: str) -> None:
    if not _CODE.fullmatch(code or ""):
        raise Invalid(_("编码写得不对。"), {"code": _("编码以小写字母开头，只用小写字母、数字和下划线，最多 40 个字符。")})


class AchievementCategoryView(SafeModelView):
    datamodel = SQLAInterface(AchievementCategory)
    noun = _l("业绩分类")
    related_views = [AchievementKindView]
    list_columns = ["name", "code", "position"]
    search_columns = ["name", "code"]
    add_columns = ["name", "code", "position"]
    base_order = ("position", "asc")
    label_columns = {"name": NAME, "code": _l("编码"), "position": _l("顺序")}


def register(appbuilder: AppBuilder) -> None:
    """The menu 业绩设置."""
    views: list[tuple[Any, str]] = [
        (AchievementCategoryView, "业绩分类"), (AchievementKindView, "业绩类别"),
        (AchievementKindVersionView, "业绩字段版本"),
    ]
    for view, label in views:
        appbuilder.add_view(view, label, category="业绩设置")
