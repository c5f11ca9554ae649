"""Field definitions as rows of a form and back, so that staff edit words and not JSON. Pure.

A row is a flat mapping of texts, as a browser sends it; what it does not show (`rest`) travels along as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import Invalid
from app.rules.field_definitions import RANGES, parse_field, parse_fields, settings_of

NUMBERS = ("max_len", "max_mb", "max_count", "scale", "min", "max", "step")
TEXTS = ("hint", "placeholder", "pattern", "code_table", "checksum", "gte", "lte", "excludes")
FLAGS = ("required", "not_future")
_EDITED = {"key", "label", "type", "options", "accept", "required_if", "compute", *NUMBERS, *TEXTS, *FLAGS}
REFERENCE = "portfolio_item"  # what a kind's reference names: an approved achievement of the same person
MAX_FIELDS = 60


@dataclass
class Row:
    """One field as its form shows it; `errors` are sentences for it."""

    values: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        """A cell's text, empty when it has none."""
        return self.values.get(name, "")


def to_rows(definitions: Sequence[Mapping[str, Any]], list_columns: Sequence[str]) -> list[Row]:
    """The rows that show a definition."""
    places = {column: str(place) for place, column in enumerate(list_columns, 1)}
    for column, (_, start, _, _) in RANGES.items():
        if column in places:
            places.setdefault(start, places[column])
    return [_to_row(definition, places.get(str(definition.get("key")), "")) for definition in definitions]


def _to_row(definition: Mapping[str, Any], place: str) -> Row:
    values = {name: str(definition[name]) for name in ("key", "label", "type", *NUMBERS, *TEXTS) if name in definition}
    values |= {name: "y" for name in FLAGS if definition.get(name)}
    values["options"] = "\n".join(map(str, definition.get("options", ())))
    values["accept"] = "\n".join(map(str, definition.get("accept", ())))
    for operation, source in dict(definition.get("compute") or {}).items():
        values |= {"compute": str(operation), "compute_of": str(source)}
    rest = {name: value for name, value in definition.items() if name not in _EDITED}
    condition = definition.get("required_if")
    if isinstance(condition, str):
        condition = {"field": condition, "equals": True}
    if isinstance(condition, Mapping) and "." not in str(condition.get("field", ".")):
        wanted = condition["in"] if "in" in condition else [condition.get("equals")]
        values["if_field"] = str(condition["field"])
        values["if_values"] = "\n".join("是" if value is True else "否" if value is False else str(value) for value in wanted)
    elif condition is not None:
        rest["required_if"] = condition
    values["rest"] = json.dumps(rest, ensure_ascii=False) if rest else ""
    values["place"] = place
    return Row(values)


def from_rows(rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[str]]:
    """(definitions, list columns). Invalid when something does not hold; the rows then carry the sentences."""
    if not rows:
        raise Invalid("请至少增加一个填写项。")
    if len(rows) > MAX_FIELDS:
        raise Invalid(f"一个类别最多 {MAX_FIELDS} 个填写项。")
    types = {row.get("key").strip(): row.get("type") for row in rows}
    definitions = []
    for number, row in enumerate(rows, 1):
        row.errors = []
        try:
            definition = _definition(row, types)
            parse_field(number, definition)
        except Invalid as error:
            row.errors.append(error.message)
            definition = {}
        definitions.append(definition)
    if not any(row.errors for row in rows):
        try:
            parse_fields(definitions)
        except Invalid as error:
            named = [row for row in rows if error.message.startswith(f"字段“{row.get('label').strip()}”：")]
            for row in named[:1]:
                row.errors.append(error.message)
            if not named:
                raise
    places = _places(rows)
    wrong = sum(bool(row.errors) for row in rows)
    if wrong:
        raise Invalid(f"有 {wrong} 个填写项需要修改，请看标出的地方。")
    return definitions, places


def _definition(row: Row, types: Mapping[str, str]) -> dict[str, Any]:
    kind = row.get("type")
    allowed = settings_of(kind)
    definition: dict[str, Any] = {"key": row.get("key").strip(), "label": row.get("label").strip(), "type": kind}
    definition |= {name: True for name in FLAGS if row.get(name) and name in allowed}
    definition |= {name: row.get(name).strip() for name in TEXTS if row.get(name).strip() and name in allowed}
    definition |= {name: _number(row, name) for name in NUMBERS if row.get(name).strip() and name in allowed}
    definition |= {name: _lines(row.get(name)) for name in ("options", "accept") if _lines(row.get(name)) and name in allowed}
    if kind == "computed" and row.get("compute"):
        ranged = next(iter(RANGES)) if row.get("compute") == "months_of" else ""
        definition["compute"] = {row.get("compute"): ranged or row.get("compute_of")}
    if row.get("if_field") and "required_if" in allowed and kind != "computed":
        definition["required_if"] = _condition(row, types)
    definition |= {name: value for name, value in _rest(row).items() if name in allowed}
    return definition | ({"ref": definition.get("ref", REFERENCE)} if kind == "ref" else {})


def _number(row: Row, name: str) -> int | float:
    text = row.get(name).strip()
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        raise Invalid(f"字段“{row.get('label')}”：“{text}”不是数字。") from None


def _condition(row: Row, types: Mapping[str, str]) -> dict[str, Any]:
    other, wanted = row.get("if_field"), _lines(row.get("if_values"))
    if types.get(other) == "bool":
        return {"field": other, "equals": wanted != ["否"]}
    if not wanted:
        raise Invalid(f"字段“{row.get('label')}”：请填写哪些取值时必填，一行一个。")
    return {"field": other, "equals": wanted[0]} if len(wanted) == 1 else {"field": other, "in": wanted}


def _rest(row: Row) -> dict[str, Any]:
    try:
        rest = json.loads(row.get("rest") or "{}")
    except ValueError:
        rest = {}
    return {name: value for name, value in rest.items() if name not in _EDITED or name == "required_if"} if isinstance(rest, dict) else {}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\r", "").split("\n") if line.strip()]


def _places(rows: Sequence[Row]) -> list[str]:
    keys = {row.get("key").strip() for row in rows}
    numbered = []
    for row in rows:
        text = row.get("place").strip()
        if not text:
            continue
        if not text.isdecimal() or not 0 < int(text) < 100:
            row.errors.append(f"字段“{row.get('label')}”：列表顺序填 1 到 99 的整数，不在列表中显示的留空。")
            continue
        key = row.get("key").strip()
        ranged = next((column for column, (_, start, end, _) in RANGES.items() if key == start and end in keys), key)
        numbered.append((int(text), ranged))
    return [key for _, key in sorted(numbered, key=lambda pair: pair[0])]
