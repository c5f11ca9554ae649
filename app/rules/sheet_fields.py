"""Fields as columns of an Excel file: which ones, how a cell's text becomes input, how a value becomes a cell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import Invalid
from app.rules.fields import Field, Names, display
from app.rules.sheet_rows import SheetRow, is_rounded

_NOT_IN_FILES = ("files", "computed")  # attached afterwards, follow from others
_SEPARATORS = re.compile(r"[、,，;；/\n]+")
_KINDS = {"int": "number", "year": "number", "number": "number", "decimal": "number", "date": "date"}
_SHOWN_OPTIONS = 500  # of one list in a template


@dataclass(frozen=True)
class Heading:
    """How a field stands in a file."""

    key: str
    label: str
    kind: str  # text, number or date
    required: bool
    hint: str
    options: tuple[str, ...]


def importable(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The fields that a row of a file can fill in."""
    return tuple(field for field in fields if field.type not in _NOT_IN_FILES)


def headings(fields: Sequence[Field], names: Names) -> tuple[Heading, ...]:
    """The columns of a kind's template."""
    return tuple(
        Heading(field.key, field.label, _KINDS.get(field.type, "text"), field.required, _hint(field), _options(field, names))
        for field in importable(fields)
    )


def _options(field: Field, names: Names) -> tuple[str, ...]:
    if field.type == "select":
        return field.options
    if field.type == "bool":
        return ("是", "否")
    if field.type in ("code", "ref"):
        return tuple(names(field.vocabulary).values())[:_SHOWN_OPTIONS]
    return ()


def _hint(field: Field) -> str:
    parts = [field.hint] if field.hint else []
    samples = {"date": "样式：2026-01-31", "month": "样式：2026-01", "year": "样式：2026", "url": "以 https:// 开头"}
    if field.type in samples:
        parts.append(samples[field.type])
    if field.type == "multiselect":
        parts.append(f"可填多项，用“、”隔开：{'、'.join(field.options)}")
    if field.max_len:
        parts.append(f"最多 {field.max_len} 字")
    return "；".join(parts)


def read_headings(row: SheetRow, fields: Sequence[Field]) -> dict[int, str]:
    """Field keys by the column they stand in. Invalid when a required one is missing or one is there twice."""
    by_label = {_label(field.label): field for field in importable(fields)}
    found: dict[int, str] = {}
    unknown = []
    for place, cell in enumerate(row.cells):
        field = by_label.get(_label(cell))
        if field is None:
            unknown += [cell.strip()] if cell.strip() else []
            continue
        if field.key in found.values():
            raise Invalid(f"表头中“{field.label}”出现了两次，请删除其中一列。")
        found[place] = field.key
    missing = [field.label for field in importable(fields) if field.required and field.key not in found.values()]
    if missing:
        raise Invalid(f"表头中没有“{'”“'.join(missing)}”，请下载模板，按模板的表头填写。")
    if unknown:  # left out in silence, what stands under them would be lost
        raise Invalid(f"表头中的“{'”“'.join(unknown[:5])}”不是现在的填写项，模板可能已更新。请删除这些列，或下载新的模板填写。")
    return found


def _label(text: str) -> str:
    return re.sub(r"\s|\*", "", text)


def raw_values(fields: Sequence[Field], cells: Mapping[str, str], names: Names) -> tuple[dict[str, object], dict[str, str]]:
    """(input for `validate`, errors by field key): names become codes, several choices become a list."""
    raw: dict[str, object] = {}
    errors: dict[str, str] = {}
    for field in importable(fields):
        text = str(cells.get(field.key, "")).strip()
        if field.type == "multiselect":
            raw[field.key] = [word.strip() for word in _words(text, field.options) if word.strip()]
        elif field.type in ("code", "ref"):
            found = [code for code, name in names(field.vocabulary).items() if name == text]
            if len(found) > 1:
                errors[field.key] = f"“{field.label}”有 {len(found)} 条同名的业绩，请留空，导入后在表单中选择。"
            raw[field.key] = found[0] if found else text
        else:
            if field.type == "text" and is_rounded(text):
                errors[field.key] = f"“{field.label}”的末几位可能已被表格软件改成 0，请把这一列设为文本后重新填写。"
            raw[field.key] = text
    return raw, errors


def _words(text: str, options: Sequence[str]) -> list[str]:
    """Split at separators, except within an option that has one in it."""
    held = {option: f"\x00{number}\x00" for number, option in enumerate(options) if _SEPARATORS.search(option)}
    for option, mark in held.items():
        text = text.replace(option, mark)
    marks = {mark: option for option, mark in held.items()}
    return [marks.get(word.strip(), word) for word in _SEPARATORS.split(text)]


def export_columns(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The fields a roster shows: all but the files."""
    return tuple(field for field in fields if field.type != "files")


def export_kind(field: Field) -> str:
    """text, number or date, for the cells of a roster."""
    return _KINDS.get(field.type, "text")


def export_value(field: Field, data: Mapping[str, Any], names: Names) -> Any:
    """A cell's value: numbers and dates stay what they are, the rest is what people read."""
    value = data.get(field.key)
    return value if field.type in _KINDS and value is not None else display(field, value, names)


