"""The form of a request for 复查."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import MultipleFileField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.services.appeal import MOST_REASON


class AppealForm(FlaskForm):
    """申请复查."""

    reason = TextAreaField(_("复查的事实和理由"), [InputRequired(_("请写明复查的事实和理由。")), Length(max=MOST_REASON)])
    files = MultipleFileField(_("佐证材料"))
