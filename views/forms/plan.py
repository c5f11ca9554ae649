"""Forms of the convener's pages: extending, reopening, copying, revising and describing a plan."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.validators import Optional as Maybe

from app.services.plan import Description

_REASON = _("记入审计，也是以后说明情况的依据。")
RICH = {"data-rich": "", "rows": "10"}


class ReasonForm(FlaskForm):
    """修订: why."""

    reason = TextAreaField(_("原因"), [InputRequired(_("请填写原因。")), Length(max=300)], description=_REASON)


class WindowForm(ReasonForm):
    """延长申报时间 and 重新开放."""

    closes_on = DateField(_("新的申报截止日期"), [InputRequired(_("请填写新的截止日期。"))],
                          description=_("到当天 23:59:59（北京时间）为止。"))


class CopyForm(FlaskForm):
    """复制: for which year."""

    year = IntegerField(_("新计划的年度"), [InputRequired(_("请填写年度，例如今年。"))])


class DescriptionForm(FlaskForm):
    """What may change at any time."""

    scope_text = TextAreaField(_("评审范围对象"), render_kw=RICH)
    content = TextAreaField(
        _("计划内容"), render_kw=RICH,
        description=_("可以从 Word 粘贴；字体、颜色等格式会被去掉，标题、列表、表格、链接会保留。"))
    contact = StringField(_("联系人"), [Maybe(), Length(max=40)])
    phone = StringField(_("联系电话"), [Maybe(), Length(max=40)])
    address = StringField(_("联系地址"), [Maybe(), Length(max=200)])
    version = HiddenField()

    def description_(self) -> Description:
        """What was typed; nothing for what is missing."""
        values: dict[str, Any] = {key: self[key].data or "" for key in Description.__dataclass_fields__}
        return Description(**values)
