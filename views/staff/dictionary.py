"""Dictionaries: code tables, regions, series, levels, titles, specialties."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.rules.check_settings import CONFIGURABLE
from app.transaction import current_session
from models.dictionary import CodeItem, CodeTable
from models.plan import ROUTES
from models.region import REGION_LEVELS, Region
from models.route_form import RouteForm
from models.series import Specialty, Title, TitleLevel, TitleSeries
from models.series_form import SeriesForm
from views.base import SafeModelView
from views.staff.field_table import describe_fields
from views.staff.region_path import ByRegionPath, region_path

CODE, NAME, ENABLED, POSITION = _l("编码"), _l("名称"), _l("启用"), _l("顺序")
SERIES, LEVEL = _l("职称系列"), _l("级别")


class CodeItemView(SafeModelView):
    """One dictionary's entries at a time: the dictionaries stand beside the list."""

    datamodel = SQLAInterface(CodeItem)
    noun = _l("字典项")
    list_columns = ["name", "code", "table", "parent_code", "position", "enabled"]
    show_columns = [*list_columns, "extra"]
    list_template = "ops/code_items.html"
    search_columns = ["name", "code", "table", "enabled"]
    add_columns = ["table", "code", "name", "parent_code", "position", "enabled", "extra"]
    base_order = ("position", "asc")
    label_columns = {
        "table": _l("字典"), "code": CODE, "name": NAME, "parent_code": _l("上级编码"), "position": POSITION,
        "enabled": ENABLED, "extra": _l("附加属性"),
    }

    def render_template(self, template: str, **kwargs: Any) -> Any:
        """The list gets the dictionaries to choose from."""
        if template == self.list_template:
            chosen = request.args.get("_flt_0_table", "")
            rows = current_session().execute(select(CodeTable.id, CodeTable.name).order_by(CodeTable.name)).all()
            kwargs["tables"] = [
                {"label": name, "href": url_for("CodeItemView.list", _flt_0_table=pk), "current": chosen == str(pk)}
                for pk, name in rows
            ]
            if chosen:
                self._within(kwargs["widgets"], chosen)
            kwargs["all"] = {"label": _("全部字典"), "href": url_for("CodeItemView.list"), "current": not chosen}
        return super().render_template(template, **kwargs)

    def _within(self, widgets: Any, table: str) -> None:
        """The list of one dictionary: it goes without saying in columns and search, and new entries are its own."""
        for name in ("list", "search"):
            args = widgets[name].template_args
            args["include_columns" if name == "list" else "include_cols"] = [
                column for column in (self.list_columns if name == "list" else self.search_columns) if column != "table"
            ]
        widgets["search"].template_args["keep"] = {"_flt_0_table": table}
        for one, _value in self._filters.get_filters_values():
            one.is_related_view = one.column_name == "table"

    def get_redirect(self) -> str:
        """Back to the dictionary the entry was added to."""
        chosen = request.args.get("_flt_0_table", "")
        return url_for("CodeItemView.list", **({"_flt_0_table": chosen} if chosen.isdecimal() else {}))


class CodeTableView(SafeModelView):
    datamodel = SQLAInterface(CodeTable)
    noun = _l("字典")
    related_views = [CodeItemView]
    list_columns = ["name", "code", "standard"]
    search_columns = ["name", "code"]
    add_columns = ["name", "code", "standard"]
    label_columns = {"name": NAME, "code": CODE, "standard": _l("依据标准")}


class RegionView(ByRegionPath, SafeModelView):
    datamodel = SQLAInterface(Region)
    noun = _l("属地")
    list_columns = ["name", "code", "level", "parent", "enabled"]
    search_columns = ["name", "code", "level", "enabled"]
    add_columns = ["code", "name", "level", "parent", "path", "enabled"]
    base_order = ("code", "asc")
    choices = {"level": REGION_LEVELS}
    label_columns = {
        "code": _l("行政区划代码"), "name": NAME, "level": LEVEL, "parent": _l("上级属地"), "path": _l("路径"),
        "enabled": ENABLED,
    }
    formatters_columns = {"parent": region_path}


class TitleLevelView(SafeModelView):
    datamodel = SQLAInterface(TitleLevel)
    noun = _l("职称级别")
    list_columns = ["name", "label", "code", "rank", "number_code"]
    search_columns = ["name", "code"]
    add_columns = ["name", "label", "code", "rank", "number_code"]
    base_order = ("rank", "desc")
    label_columns = {
        "name": NAME, "label": _l("显示为"), "code": CODE, "rank": _l("高低顺序"), "number_code": _l("证书编号代码"),
    }


class SpecialtyView(SafeModelView):
    datamodel = SQLAInterface(Specialty)
    noun = _l("专业")
    list_columns = ["name", "series", "enabled"]
    search_columns = ["name", "series", "enabled"]
    add_columns = ["series", "name", "enabled"]
    label_columns = {"series": SERIES, "name": NAME, "enabled": ENABLED}


class TitleView(SafeModelView):
    datamodel = SQLAInterface(Title)
    noun = _l("资格名称")
    list_columns = ["name", "level", "track", "series", "enabled"]
    search_columns = ["name", "track", "series", "level", "enabled"]
    add_columns = ["series", "track", "level", "name", "enabled"]
    label_columns = {
        "series": SERIES, "track": _l("专业类别"), "level": LEVEL, "name": NAME, "enabled": ENABLED,
    }


class TitleSeriesView(SafeModelView):
    datamodel = SQLAInterface(TitleSeries)
    noun = SERIES
    related_views = [TitleView, SpecialtyView]
    list_columns = ["name", "code", "number_code", "position", "enabled"]
    show_columns = [*list_columns, "note"]
    search_columns = ["name", "code", "enabled"]
    add_columns = ["code", "name", "number_code", "position", "note", "enabled"]
    base_order = ("position", "asc")
    label_columns = {
        "code": CODE, "name": NAME, "number_code": _l("证书编号代码"), "position": POSITION, "note": _l("说明"),
        "enabled": ENABLED,
    }


class FormView(SafeModelView):
    """A form whose fields are edited on a page of their own (views.staff.form_fields)."""

    show_template = "ops/field_definitions.html"
    editor = ""  # the endpoint's name at FormFieldsView

    def pre_add(self, item: Any) -> None:
        """Without fields at first."""
        item.fields = []

    def _get_show_widget(self, pk: Any, item: Any, *args: Any, **kwargs: Any) -> Any:
        """Besides, the fields as a table, and the way to their page."""
        return super()._get_show_widget(pk, item, *args, **kwargs) | {
            "definitions": describe_fields(item.fields), "editor": url_for(f"FormFieldsView.{self.editor}", form_id=item.id),
            "editor_right": (f"can_{self.editor}", "FormFieldsView"),
        }


class SeriesFormView(FormView):
    datamodel = SQLAInterface(SeriesForm)
    noun = _l("专业信息表单")
    editor = "series"
    list_columns = ["series"]
    show_columns = ["series"]
    search_columns = ["series"]
    add_columns = ["series"]
    label_columns = {"series": SERIES}


class RouteFormView(FormView):
    datamodel = SQLAInterface(RouteForm)
    noun = _l("申报形式表单")
    editor = "route"
    list_columns = ["route", "name", "note"]
    show_columns = ["route", "name", "note", "waives"]
    search_columns = ["name"]
    add_columns = ["route", "name", "note", "waives"]
    label_columns = {
        "name": _l("名称"), "route": _l("申报形式"), "note": _l("说明"), "waives": _l("不检查的规则"),
    }
    description_columns = {
        "note": _l("申报人选择申报形式时看到。"), "waives": _l("选这种申报形式的申报，“开始检测”时不检查勾选的规则。"),
    }
    choices = {"route": ROUTES, "waives": {entry.rule: f"{entry.rule} {entry.title}" for entry in CONFIGURABLE}}

    def pre_add(self, item: RouteForm) -> None:
        """Nothing ticked: every rule applies."""
        super().pre_add(item)
        self.pre_update(item)

    def pre_update(self, item: RouteForm) -> None:
        item.waives = item.waives or []


def register(appbuilder: AppBuilder) -> None:
    """The menu 基础数据; children before the screens that show them."""
    for view, label in (
        (TitleSeriesView, "职称系列"), (TitleView, "资格名称"), (SpecialtyView, "专业"), (TitleLevelView, "职称级别"),
        (SeriesFormView, "专业信息表单"), (RouteFormView, "申报形式表单"), (RegionView, "属地"), (CodeTableView, "字典"), (CodeItemView, "字典项"),
    ):
        appbuilder.add_view(view, label, category="基础数据")
