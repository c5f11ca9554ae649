"""公共意见: what every reviewer may choose from, by 流程类型 and by the action it is for."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext as _l

from app.workflow.definitions import PROCEDURES
from models.opinion_template import OPINION_ACTIONS, OpinionTemplate
from views.base import SafeModelView


class OpinionTemplateView(SafeModelView):
    """Public ones only: what reviewers keep for themselves is nobody else's business."""

    datamodel = SQLAInterface(OpinionTemplate)
    noun = _l("公共意见")
    list_columns = ["text", "action", "procedure", "position", "enabled"]
    search_columns = ["text", "action", "procedure", "enabled"]
    add_columns = ["action", "procedure", "text", "position", "enabled"]
    base_order = ("position", "asc")
    choices = {
        "action": OPINION_ACTIONS,
        "procedure": {"": "全部流程类型", **{code: procedure.label for code, procedure in PROCEDURES.items()}},
    }
    label_columns = {
        "text": _l("意见内容"), "action": _l("用于"), "procedure": _l("流程类型"), "position": _l("顺序"),
        "enabled": _l("启用"),
    }

    def rows(self) -> Any:
        """Without the opinions that belong to somebody."""
        return super().rows().filter(OpinionTemplate.user_id.is_(None))


def register(appbuilder: AppBuilder) -> None:
    """The entry in the menu 业绩设置."""
    appbuilder.add_view(OpinionTemplateView, "公共意见", category="业绩设置")
