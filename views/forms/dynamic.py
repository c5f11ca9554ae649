"""Forms generated from field definitions. Their rules are those of `app.rules.fields`, stated once.

Controls are native and plain: without scripts the page works the same. `form.validate()` fills the errors beside the
fields and leaves the values to store in `form.values`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Field as Control

from app.rules.fields import Field, Names, lowered, validate

_NOTHING = ""
_INPUTS: dict[str, dict[str, str]] = {
    "date": {"type": "date", "min": "1900-01-01", "max": "2100-12-31", "placeholder": "2026-01-31"},
    "month": {"type": "month", "placeholder": "2026-01", "autocomplete": "off"},
    "year": {"inputmode": "numeric", "maxlength": "5", "size": "6", "placeholder": "2026"},
    "int": {"inputmode": "numeric", "maxlength": "10", "size": "10"},
    "number": {"inputmode": "decimal", "maxlength": "20", "size": "12"},
    "decimal": {"inputmode": "decimal", "maxlength": "20", "size": "12"},
    "url": {"type": "url", "placeholder": "https://"},
}


def name_of(key: str) -> str:
    """The name of a field's control. Prefixed: a field that staff call `data` must not hide the form's own."""
    return f"f_{key}"


class DynamicForm(FlaskForm):
    """The base of generated forms. `version` is that of the row the page was filled from."""

    fields_of_kind: ClassVar[tuple[Field, ...]] = ()
    codes: ClassVar[Names]
    context_of_kind: ClassVar[Mapping[str, object]] = {}

    version = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.values: dict[str, Any] = {}
        self.notices: dict[str, str] = {}
        for field in self.fields_of_kind:
            if field.is_input:
                control = self.control(field.key)
                control.flags.required = field.required  # the star and the native hint; the rule is in rules.fields
                control.flags.maxlength = field.max_len or None

    def control(self, key: str) -> Control:
        """The control of a field, for templates and tests."""
        return self[name_of(key)]

    @property
    def controls(self) -> list[tuple[Field, Control]]:
        """The fields a person fills in, in order, each with its control."""
        return [(field, self.control(field.key)) for field in self.fields_of_kind if field.is_input]

    @property
    def raw(self) -> dict[str, object]:
        """What was sent (or shown), by field key, as `validate` takes it."""
        return {field.key: control.data for field, control in self.controls}

    @property
    def seen_version(self) -> int | None:
        """The version the page was filled from; None when it is missing or nonsense."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def validate(self, extra_validators: Any = None, *, partial: bool = False) -> bool:
        """Whether the input holds; `partial` for drafts, in which nothing is required yet."""
        if not super().validate(extra_validators):  # the token
            return False
        self.values, errors = validate(
            self.fields_of_kind, self.raw, codes=type(self).codes, partial=partial, context=self.context_of_kind
        )
        self.notices = lowered(self.fields_of_kind, self.raw, self.values)
        self.show_errors(errors)
        return not errors

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Put sentences beside their fields; those without a control go above the form."""
        for key, sentence in errors.items():
            if name_of(key) in self:
                self.control(key).errors = [_(sentence)]
            else:
                self.form_errors.append(_(sentence))


def build_form(
    fields: Sequence[Field], *, codes: Names, data: Mapping[str, Any] | None = None,
    context: Mapping[str, object] | None = None,
) -> type[DynamicForm]:
    """A form class for these fields. `codes` names the entries of dictionaries and references.

    `data`: the present values; a code that is no longer offered is kept choosable when the row has it.
    """
    namespace: dict[str, Any] = {
        "fields_of_kind": tuple(fields), "codes": staticmethod(codes), "context_of_kind": dict(context or {}),
    }
    for field in fields:
        if field.is_input:
            namespace[name_of(field.key)] = _control(field, codes, (data or {}).get(field.key))
    return type("KindForm", (DynamicForm,), namespace)


def initial(fields: Sequence[Field], data: Mapping[str, Any]) -> dict[str, Any]:
    """Stored values as the controls show them: pass as `data=` when a form is shown for the first time."""
    shown: dict[str, Any] = {}
    for field in fields:
        value = data.get(field.key)
        name = name_of(field.key)
        if field.type == "bool":
            shown[name] = _yes_no(value) if field.required else bool(value)
        elif field.type == "multiselect":
            shown[name] = list(value or [])
        else:
            shown[name] = _NOTHING if value is None else str(value)
    return shown


def _yes_no(value: Any) -> str:
    return _NOTHING if value is None else ("true" if value else "false")


def _control(field: Field, codes: Names, present: Any) -> Control:
    attributes = dict(_INPUTS.get(field.type, {}))
    if field.placeholder:
        attributes["placeholder"] = field.placeholder
    common: dict[str, Any] = {"label": field.label, "description": _hint(field), "render_kw": attributes}
    if field.type == "bool":
        if not field.required:
            return BooleanField(**common)
        return RadioField(choices=[("true", _("是")), ("false", _("否"))], validate_choice=False, **common)
    if field.type == "multiselect":
        return SelectMultipleField(choices=_plain(field.options), validate_choice=False, **common)
    if field.type == "select":
        return SelectField(choices=[(_NOTHING, _("请选择")), *_plain(field.options)], validate_choice=False, **common)
    if field.type in ("code", "ref"):
        known = dict(codes(field.vocabulary))
        if present is not None:
            gone = _("已撤回或删除的业绩，请重新选择") if field.type == "ref" else str(present)
            known.setdefault(str(present), gone)
        choices = [(_NOTHING, _("请选择")), *known.items()]
        return SelectField(choices=choices, validate_choice=False, **common)
    if field.type in ("textarea", "richtext"):
        attributes["rows"] = "8" if field.type == "richtext" or field.max_len > 2000 else "4"
        return TextAreaField(**common)
    return StringField(**common)


def _plain(options: Sequence[str]) -> list[tuple[str, str]]:
    return [(option, option) for option in options]


def _hint(field: Field) -> str:
    """The definition's hint, and the limits worth knowing before typing."""
    parts = [field.hint] if field.hint else []
    if field.type in ("textarea", "richtext"):
        parts.append(_("最多 %(n)s 字", n=field.max_len))
    if field.min is not None and field.max is not None:
        parts.append(_("%(least)s 至 %(most)s", least=field.min, most=field.max))
    if field.step is not None:
        parts.append(_("以 %(step)s 为单位", step=field.step))
    return _("；").join(parts)
