"""“什么情况下要求”: the condition of an attachment slot as two inputs, the field and its values, instead of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import select
from wtforms import Field
from wtforms.widgets import html_params

from app.extensions import db
from app.queries import dictionary
from app.rules.field_definitions import parse_fields
from models.plan import ROUTES, PlanForm
from models.series import TitleLevel
from models.series_form import SeriesForm

SEPARATORS = "、,，;；\n"
_YES_NO = {"是": True, "否": False}


def known_fields() -> dict[str, tuple[str, Mapping[str, Any] | None]]:
    """Key → (label, names of its values or None for free text) of everything a condition can ask about.

    The fields of 专业信息 are those of the plan the page is about (`g.plan_in_view`), then the platform's.
    """
    natures = dictionary.choices(db.session(), "unit_nature")["unit_nature"]
    levels = db.session.execute(select(TitleLevel.name).order_by(TitleLevel.rank.desc())).scalars()
    found: dict[str, tuple[str, Mapping[str, Any] | None]] = {
        "application.route": (_("申报形式"), {name: key for key, name in ROUTES.items()}),
        "application.level": (_("申报级别"), {name: name for name in levels}),
        "application.series": (_("申报系列"), None),
        "application.specialty": (_("申报专业"), None),
        "application.title": (_("申报职称"), None),
        "unit.nature": (_("单位性质"), {name: code for code, name in natures}),
        "person.sex": (_("性别"), {"男": "男", "女": "女"}),
    }
    own = select(PlanForm).where(PlanForm.plan_id == g.get("plan_in_view", 0), PlanForm.is_own).order_by(PlanForm.edition.desc())
    for form in (*db.session.scalars(own), *db.session.scalars(select(SeriesForm).order_by(SeriesForm.series_id))):
        for field in parse_fields(form.fields):
            if field.key not in found and field.type in ("bool", "select"):
                names = _YES_NO if field.type == "bool" else {option: option for option in field.options}
                found[field.key] = (f"{field.label}（{form}）", names)
    return found


def in_words(condition: Mapping[str, Any] | None) -> str:
    """A condition as people read it; 总是 for none."""
    if not condition:
        return str(_("总是"))
    label, names = known_fields().get(condition["field"], (condition["field"], None))
    by_value = {value: name for name, value in (names or {}).items()}
    values = condition["in"] if "in" in condition else [condition["equals"]]
    return str(_("“%(field)s”为%(values)s时", field=label, values="、".join(str(by_value.get(v, v)) for v in values)))


class ConditionWidget:
    """A select of fields, and a text for the values."""

    def __call__(self, field: ConditionField, **kwargs: Any) -> Markup:
        chosen, text = field.typed()
        options = [("", _("总是")), *((key, label) for key, (label, _names) in known_fields().items())]
        lines = "".join(
            f"<option value=\"{escape(key)}\"{' selected' if key == chosen else ''}>{escape(label)}</option>"
            for key, label in options
        )
        kwargs.pop("id", None)
        select_attributes = html_params(id=field.id, name=field.name, **kwargs)
        text_attributes = html_params(
            name=field.name, value=text, aria_label=_("条件的取值"), maxlength="300",
            placeholder=_("取值，多个用顿号分开，如：化工工程、安全工程"),
        )
        return Markup(f"<select {select_attributes}>{lines}</select><input {text_attributes}>")  # noqa: S704  escaped above


class ConditionField(Field):
    """Posts two values under one name: the key of the field, then the values as text."""

    widget = ConditionWidget()

    def typed(self) -> tuple[str, str]:
        """(key, text) to show: what was typed, or what is stored."""
        if self.raw_data:
            return str(self.raw_data[0]), str(self.raw_data[1]) if len(self.raw_data) > 1 else ""
        if not self.data:
            return "", ""
        _label, names = known_fields().get(self.data["field"], ("", None))
        by_value = {value: name for name, value in (names or {}).items()}
        values = self.data["in"] if "in" in self.data else [self.data["equals"]]
        return self.data["field"], "、".join(str(by_value.get(value, value)) for value in values)

    def process_formdata(self, valuelist: list[Any]) -> None:
        key = valuelist[0].strip() if valuelist else ""
        text = valuelist[1] if len(valuelist) > 1 else ""
        for separator in SEPARATORS:
            text = text.replace(separator, "\n")
        words = list(dict.fromkeys(word.strip() for word in text.split("\n") if word.strip()))
        self.data = {}
        if not key:
            return
        fields = known_fields()
        if key not in fields:
            raise ValueError(_("请从列表中选择条件。"))
        label, names = fields[key]
        if not words:
            raise ValueError(_("请填写“%(field)s”为什么时要求上传。", field=label))
        unknown = [word for word in words if names is not None and word not in names]
        if unknown:
            raise ValueError(_("“%(field)s”没有“%(word)s”，可填：%(names)s。", field=label, word=unknown[0],
                               names="、".join(names or ())))
        values = [names[word] if names is not None else word for word in words]
        self.data = {"field": key, "equals": values[0]} if len(values) == 1 else {"field": key, "in": values}
