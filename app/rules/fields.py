"""Forms as data: fields are read from definitions, raw input is validated against them, values are shown by them.

The one place that knows the rules of 业绩项 and of 基本信息: the generated forms, the services and the checks before
submission all call `validate`. See `app.rules.field_definitions` for the vocabulary, `app.rules.field_values` for the
stored forms.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.errors import Invalid
from app.rules.deadlines import today as this_day
from app.rules.field_definitions import RANGES, Condition, Field, parse_fields
from app.rules.field_values import Codes, check_pattern, clean_text, normalise

__all__ = [
    "Codes",
    "Column",
    "Condition",
    "Field",
    "Names",
    "check_definition",
    "clean_text",
    "column_text",
    "columns",
    "display",
    "lowered",
    "parse_fields",
    "summary",
    "validate",
]
Names = Callable[[str], Mapping[str, str]]  # a dictionary's codes and their names; a Codes too
_CHOSEN = ("select", "multiselect", "code", "ref", "bool", "date", "month", "year")
_SUMMARY_LENGTH = 200


def validate(
    fields: Sequence[Field], raw: Mapping[str, object], *, codes: Codes, partial: bool = False,
    context: Mapping[str, object] | None = None, today: dt.date | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """(values to store, errors by field key). Keys of `raw` that are no fields are ignored.

    `codes(name)` gives the allowed codes of a dictionary, `codes("ref:<kind>")` the ids (as text) a reference may
    have. `partial`: a draft, in which nothing is required yet. `context` answers conditions on dotted keys.
    """
    day = today or this_day()
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    inputs = [field for field in fields if field.is_input]
    for field in inputs:
        try:
            value = normalise(field, raw.get(field.key), codes, day)
        except ValueError as error:
            errors[field.key] = str(error)
        else:
            if value is not None:
                values[field.key] = value
    for field in inputs:
        if field.clamp and _exceeds(values.get(field.key), values.get(field.clamp)):
            values[field.key] = values[field.clamp]
    known = {**(context or {}), **values}
    labels = {field.key: field.label for field in fields}
    for field in inputs:
        if field.key in errors:
            continue
        error_text = _between_fields(field, known, labels, partial)
        if error_text:
            errors[field.key] = error_text
    for field in fields:
        if field.compute:
            computed = _computed(field, values, day)
            if computed is not None:
                values[field.key] = computed
    return values, errors


def _between_fields(field: Field, known: Mapping[str, Any], labels: Mapping[str, str], partial: bool) -> str:
    value = known.get(field.key)
    if value is None:
        wanted = field.required or (field.required_if is not None and field.required_if.holds(known))
        if not wanted or partial:
            return ""
        return f"请{'选择' if field.type in _CHOSEN else '填写'}“{field.label}”。"
    if field.excludes and value is not False and known.get(field.excludes) not in (None, False):
        return f"“{field.label}”与“{labels[field.excludes]}”只能填一项，请清空其中一项。"
    if field.pattern_if and field.pattern_if[0].holds(known):
        try:
            check_pattern(field, field.pattern_if[1], value)
        except ValueError as error:
            return str(error)
    other = known.get(field.gte)
    if other is not None and _order(value) < _order(other):
        return f"“{field.label}”不能{'早于' if _is_time(field) else '小于'}“{labels[field.gte]}”，请核对。"
    other = known.get(field.lte)
    if other is not None and _order(value) > _order(other):
        return f"“{field.label}”不能{'晚于' if _is_time(field) else '大于'}“{labels[field.lte]}”，请核对。"
    return ""


def lowered(fields: Sequence[Field], raw: Mapping[str, object], values: Mapping[str, Any]) -> dict[str, str]:
    """Sentences for the fields whose value `validate` lowered to another field's: people must be told."""
    labels = {field.key: field.label for field in fields}
    return {
        field.key: f"“{field.label}”大于“{labels[field.clamp]}”，系统已自动改为 {values[field.key]}。"
        for field in fields
        if field.clamp and field.key in values and clean_text(raw.get(field.key) or "") != str(values[field.key])
        and values[field.key] == values.get(field.clamp)
    }


def _exceeds(value: Any, limit: Any) -> bool:
    return value is not None and limit is not None and _order(value) > _order(limit)


def _is_time(field: Field) -> bool:
    return field.type in ("date", "month", "year")


def _order(value: Any) -> Any:
    """Something to compare: ISO dates compare as text, numbers as Decimals."""
    if isinstance(value, str) and value[4:5] == "-":
        return value
    return Decimal(str(value))


def _computed(field: Field, values: Mapping[str, Any], today: dt.date) -> int | None:
    assert field.compute is not None  # noqa: S101 - the caller asked
    operation, source = field.compute
    if operation == "length_of":
        return len("".join(str(values[source]).split())) if source in values else None
    _, start, end, now = RANGES[source]
    last = today.isoformat() if values.get(now) is True else values.get(end)
    if start not in values or last is None or last < values[start]:
        return None
    return _whole_months(dt.date.fromisoformat(values[start]), dt.date.fromisoformat(last))


def _whole_months(first: dt.date, last: dt.date) -> int:
    """Months from the first day to the end of the last one: 1 September to 31 August are twelve."""
    after = last + dt.timedelta(days=1)
    return (after.year - first.year) * 12 + after.month - first.month - (after.day < first.day)


def display(field: Field, value: Any, codes: Names) -> str:
    """A stored value as people read it; empty for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(map(str, value))
    if field.type in ("code", "ref"):
        return codes(field.vocabulary).get(str(value), str(value))
    return str(value)


@dataclass(frozen=True)
class Column:
    """A column of a list: a field, or a range of two dates (`field` is None)."""

    key: str
    label: str
    field: Field | None


def columns(fields: Sequence[Field], list_columns: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a kind's list; names that stand for nothing are left out."""
    by_key = {field.key: field for field in fields}
    found = []
    for key in list_columns:
        if key in by_key:
            found.append(Column(key, by_key[key].label, by_key[key]))
        elif key in RANGES:
            found.append(Column(key, RANGES[key][0], None))
    return tuple(found)


def check_definition(definitions: object, list_columns: object = ()) -> tuple[Field, ...]:
    """The fields of a definition that staff are about to save; Invalid with a sentence when it cannot be used."""
    if not isinstance(definitions, list) or not definitions:
        raise Invalid("字段定义须是一个列表，至少有一个字段。", {"fields": "请写成 [{…}, {…}] 的形式。"})
    try:
        fields = parse_fields(definitions)
    except Invalid as error:
        raise Invalid(error.message, {"fields": error.message}) from error
    if not isinstance(list_columns, list | tuple):
        raise Invalid("列表字段须是字段代码的列表。", {"list_columns": "请写成 [\"代码\", …] 的形式。"})
    known = {column.key for column in columns(fields, [key for key in list_columns if isinstance(key, str)])}
    unknown = [str(key) for key in list_columns if not isinstance(key, str) or key not in known]
    if unknown:
        sentence = f"列表字段“{'、'.join(unknown)}”不在字段定义中，请改正。"
        raise Invalid(sentence, {"list_columns": sentence})
    return fields


def column_text(column: Column, data: Mapping[str, Any], codes: Names) -> str:
    """One cell: “2015-03-04 至 2017-06-01”, “2015-11-05 至今”, or the field's value."""
    if column.field is not None:
        return display(column.field, data.get(column.key), codes)
    _, start, end, now = RANGES[column.key]
    if not data.get(start):
        return ""
    if data.get(now) is True or not data.get(end):
        return f"{data[start]} 至今" if data.get(now) is True else f"{data[start]} 起"
    return f"{data[start]} 至 {data[end]}"


def summary(
    fields: Sequence[Field], list_columns: Sequence[str], data: Mapping[str, Any], codes: Names | None = None
) -> str:
    """The line that stands for an item (≤ 200 characters): its first three filled list columns."""
    names: Names = codes or (lambda _: {})
    cells = (column_text(column, data, names) for column in columns(fields, list_columns))
    text = " · ".join([cell for cell in cells if cell][:3])
    return text if len(text) <= _SUMMARY_LENGTH else text[: _SUMMARY_LENGTH - 1] + "…"
