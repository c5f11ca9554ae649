"""Form fields of generated screens, made from the model's columns by our own converter.

FAB's converter loads every row of a related table into a drop-down, demands a value where the column has a default,
and puts raw text into JSON columns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import request, url_for
from flask_appbuilder.forms import DynamicForm
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape
from sqlalchemy import JSON as JsonType
from sqlalchemy import Boolean, Date, Integer, String, Text
from sqlalchemy.orm import RelationshipProperty
from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import html_params

REQUIRED = _l("请填写这一项。")
BIGGEST = 2**31 - 1


class RemoteWidget:
    """A select that asks the server while typing; `endpoint` is the address, also for the search panel."""

    def __init__(self, view_name: str, column: str) -> None:
        self.view_name, self.column = view_name, column

    @property
    def endpoint(self) -> str:
        kept = {key: value for key, value in request.args.items() if key == "_flt_0_plan"}  # on the page of a plan
        return url_for(f"{self.view_name}.options", column=self.column, **kept)

    def __call__(self, field: RemoteSelectField, **kwargs: Any) -> Markup:
        options = [("", "")] + field.first_options()
        chosen = field.key()
        if chosen and chosen not in {key for key, _ in options}:
            options.append((chosen, field.text(field.data)))
        attributes = html_params(id=field.id, name=field.name, data_remote=self.endpoint, **kwargs)
        lines = [
            f"<option value=\"{escape(key)}\"{' selected' if key == chosen else ''}>{escape(text)}</option>"
            for key, text in options
        ]
        return Markup(f"<select {attributes}>{''.join(lines)}</select>")  # noqa: S704  every part is escaped above


class RemoteSelectField(Field):
    """A related row. `load(pk)` gives it when it is in the actor's reach, otherwise None; `first()` the first few."""

    def __init__(
        self, label: Any = None, validators: Sequence[Any] | None = None, *, load: Callable[[int], Any],
        first: Callable[[], Sequence[Any]], view_name: str, column: str, required: bool,
        text: Callable[[Any], str] = str, **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, widget=RemoteWidget(view_name, column), **kwargs)
        self.load, self.first, self.is_required, self.text = load, first, required, text
        self.wrong = False
        if required:
            self.flags.required = True

    def key(self) -> str:
        return "" if self.data is None else str(self.data.id)

    def _value(self) -> str:
        return self.key()

    def first_options(self) -> list[tuple[str, str]]:
        return [(str(row.id), self.text(row)) for row in self.first()]

    def process_formdata(self, valuelist: list[Any]) -> None:
        value = (valuelist[0] if valuelist else "").strip()
        self.data = self.load(int(value)) if value.isdecimal() and int(value) <= BIGGEST else None
        self.wrong = bool(value) and self.data is None

    def pre_validate(self, form: Any) -> None:
        if self.wrong:
            raise ValidationError(_l("没有找到所选的内容，请重新选择。"))
        if self.is_required and self.data is None:
            raise ValidationError(REQUIRED)


class JsonField(TextAreaField):
    """A JSON column as text; what is stored is the parsed value, of the same shape as before (list or object)."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else json.dumps(self.data, ensure_ascii=False, indent=2)

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        if not text:
            self.data = None
            return
        try:
            self.data = json.loads(text)
        except ValueError as error:
            raise ValueError(_l("不是有效的 JSON，请检查括号、引号和逗号。")) from error


class LinesField(TextAreaField):
    """A list of texts, written one a line; empty lines do not count."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(self.data or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = [line.strip() for line in (valuelist[0] if valuelist else "").splitlines() if line.strip()]


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def form_class(view: Any, columns: Sequence[str], *, search: bool = False) -> type[DynamicForm]:
    """A form over `columns` of the view's model; for the search panel nothing is required."""
    fields = {name: column_field(view, name, search=search) for name in columns}
    return type("GeneratedForm", (DynamicForm,), fields)


def column_field(view: Any, name: str, *, search: bool = False) -> Any:
    """The unbound field for a column or relationship of the view's model."""
    label = (view.search_labels.get(name) if search else None) or view.label_columns.get(name, name)
    description = "" if search else view.description_columns.get(name, "")
    prop = view.datamodel.list_properties[name]
    if isinstance(prop, RelationshipProperty):
        return _relation_field(view, name, prop, label, description, search)
    column = prop.columns[0]
    required = not (search or column.nullable or column.default is not None or isinstance(column.type, Boolean))
    validators: list[Any] = [InputRequired(REQUIRED) if required else Optional(strip_whitespace=True)]
    validators += [] if search else list(view.validators_columns.get(name, []))
    return _plain_field(view, name, column, {"label": label, "description": description, "validators": validators}, search)


def _plain_field(view: Any, name: str, column: Any, common: dict[str, Any], search: bool) -> Any:
    choices: Mapping[str, str] | None = view.choices.get(name)
    default = column.default.arg if column.default is not None and column.default.is_scalar else None
    if isinstance(column.type, JsonType) and choices and not search:
        return SelectMultipleField(choices=[(key, _l(word)) for key, word in choices.items()], **common)
    if choices:
        given = [(key, _l(word)) for key, word in choices.items()]
        blank = [("", "")] if search or column.nullable or column.default is None else []
        return SelectField(choices=blank + given, default=default, **common)
    if isinstance(column.type, JsonType):
        return JsonField(**common)
    if isinstance(column.type, Boolean):
        return BooleanField(default=default, **common)
    if isinstance(column.type, Date):
        return DateField(**common)
    if isinstance(column.type, Integer):
        return IntegerField(default=None if search else default, **common)
    if isinstance(column.type, Text) and not search:
        return TextAreaField(filters=[_strip], default="", **common)
    if isinstance(column.type, String):
        length = getattr(column.type, "length", None)
        if length and not search:
            common["validators"].append(Length(max=length, message=_l("最多 %(max)d 个字。")))
        return StringField(filters=[_strip], **common)
    raise TypeError(f"{type(view).__name__}: no field for column {name}")


def _relation_field(view: Any, name: str, prop: Any, label: Any, description: str, search: bool) -> Any:
    local = next(iter(prop.local_columns))
    return RemoteSelectField(
        label, description=description, required=not (search or local.nullable), view_name=type(view).__name__,
        column=name, load=lambda pk: view.related_row(name, pk),
        text=lambda row: view.option_text(name, row),
        first=(lambda: []) if search else (lambda: view.related_rows(name, "")),
    )
