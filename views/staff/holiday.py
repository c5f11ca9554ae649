"""节假日: the days on which the week's rule does not hold."""

from __future__ import annotations

from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext as _l

from models.holiday import Holiday
from views.base import SafeModelView


class HolidayView(SafeModelView):
    """Coming years are added here when the State Council has announced them."""

    datamodel = SQLAInterface(Holiday)
    noun = _l("节假日")
    list_columns = ["day", "is_workday", "name"]
    search_columns = ["name"]
    add_columns = ["day", "is_workday", "name"]
    base_order = ("day", "desc")
    order_columns = ["day"]
    label_columns = {"day": _l("日期"), "is_workday": _l("调休上班"), "name": _l("名称")}


def register(appbuilder: AppBuilder) -> None:
    """More of the menu 系统管理."""
    appbuilder.add_view(HolidayView, "节假日", category="系统管理")
