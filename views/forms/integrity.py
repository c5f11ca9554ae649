"""The form of a new record of 诚信档案. What holds is decided by the service; this only carries input."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, MultipleFileField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.rules.integrity import Category
from app.services.integrity import MOST_DOCUMENT, MOST_REASON, Breach
from models.integrity import INTEGRITY_KINDS
from views.addresses import positive


class BreachForm(FlaskForm):
    """新增记录."""

    person_id = SelectField(_("人员"), [InputRequired(_("请选择人员。"))], choices=[], validate_choice=False)
    category = SelectField(_("记录类别"), [InputRequired(_("请选择记录类别。"))], choices=[])
    reason = TextAreaField(_("事实和理由"), [InputRequired(_("请写明事实和理由。")), Length(max=MOST_REASON)])
    document = StringField(_("处理文号"), [InputRequired(_("请填写处理决定的文号。")), Length(max=MOST_DOCUMENT)],
                           description=_("例如：皖人社罚〔2026〕3号"))
    decided_on = DateField(_("决定日期"), [InputRequired(_("请填写决定日期。"))])
    banned_from = DateField(_("起算日期"), [Optional()], description=_("不填的，自决定日期起算；期限按记录类别计算"))
    files = MultipleFileField(_("佐证材料"))

    def offer(self, categories: tuple[Category, ...], people: list[tuple[int, str]]) -> None:
        """Fill the selects."""
        self.person_id.choices = [("", gettext("请选择")), *((str(key), text) for key, text in people)]
        self.category.choices = [("", gettext("请选择")), *((one.code, f"{gettext(INTEGRITY_KINDS[one.kind])}：{one.name}") for one in categories)]

    def breach(self) -> Breach:
        """The input as the service takes it."""
        return Breach(
            person_id=positive(self.person_id.data) or 0, category=self.category.data or "", reason=self.reason.data or "",
            document=self.document.data or "", decided_on=self.decided_on.data, banned_from=self.banned_from.data,
        )


def given_files(field: Any) -> list[Any]:
    """The files that were chosen; browsers send an empty part for none."""
    return [upload for upload in field.data or [] if getattr(upload, "filename", "")]
