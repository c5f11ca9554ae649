"""Field definitions as staff read them: one line a field, in words instead of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.rules.field_definitions import TYPES, Condition, Field, parse_fields
from app.rules.fields import columns


@dataclass(frozen=True)
class Line:
    """One field: its name on forms, its key, the kind of value, whether it must be filled, and its rules."""

    label: str
    key: str
    type: str
    required: str
    rules: tuple[str, ...]


def describe_fields(definitions: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The definitions in order; empty when they cannot be read."""
    fields = _parsed(definitions)
    labels = {field.key: field.label for field in fields}
    return [
        Line(field.label, field.key, _(TYPES[field.type]), _required(field, labels), tuple(_rules(field, labels)))
        for field in fields
    ]


def column_names(definitions: Sequence[Mapping[str, Any]], list_columns: Sequence[str]) -> list[str]:
    """The names of a list's columns."""
    return [column.label for column in columns(_parsed(definitions), list_columns)]


def _parsed(definitions: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    try:
        return parse_fields(definitions)
    except Invalid:  # written before a rule of today; the page still shows the rest
        return ()


def _when(condition: Condition, labels: Mapping[str, str]) -> str:
    values = "、".join(_("是") if value is True else _("否") if value is False else str(value) for value in condition.values)
    return _("“%(field)s”为%(values)s时", field=labels.get(condition.field, condition.field), values=values)


def _required(field: Field, labels: Mapping[str, str]) -> str:
    if field.required_if is not None:
        return _("%(when)s必填", when=_when(field.required_if, labels))
    return _("必填") if field.required else _("选填")


def _rules(field: Field, labels: Mapping[str, str]) -> Iterator[str]:
    if field.max_len:
        yield _("最多 %(n)s 字", n=field.max_len)
    if field.min is not None or field.max is not None:
        yield _("%(low)s 至 %(high)s", low=_bound(field.min), high=_bound(field.max))
    if field.not_future:
        yield _("不晚于今天")
    for other, words in ((field.gte, _("不早于或不小于“%(other)s”")), (field.lte, _("不晚于或不大于“%(other)s”"))):
        if other:
            yield words % {"other": labels.get(other, other)}
    if field.clamp:
        yield _("大于“%(other)s”时自动改为它", other=labels.get(field.clamp, field.clamp))
    if field.excludes:
        yield _("与“%(other)s”只填一项", other=labels.get(field.excludes, field.excludes))
    if field.options:
        yield _("选项：%(options)s", options="、".join(field.options))
    if field.code_table:
        yield _("字典 %(table)s", table=field.code_table)
    if field.ref:
        yield _("引用 %(kind)s", kind=field.ref)
    if field.pattern or field.pattern_if or field.checksum:
        yield _("校验格式%(name)s", name=f" {field.checksum.upper()}" if field.checksum else "")
    if field.type == "files":
        yield _("%(types)s，单个不超过 %(mb)s MB，最多 %(n)s 个", types="/".join(field.accept) or "png/pdf/jpg",
                mb=field.max_mb, n=field.max_count)
    if field.hint:
        yield field.hint


def _bound(value: Any) -> str:
    return _("不限") if value is None else format(value.normalize(), "f")
