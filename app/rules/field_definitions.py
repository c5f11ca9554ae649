"""Field definitions as staff write them, read into typed values. A bad definition is refused with a sentence for staff.

The vocabulary of a definition: `key`, `label`, `type` and, depending on the type, what `_KEYS` lists. Conditions are
{"field": key, "equals": value} or {"field": key, "in": [values]}; a key with a dot ("application.level") is looked up
in the context that the caller of `validate` passes. There are no expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from app.errors import Invalid

TYPES = {
    "text": "文本", "textarea": "多行文本", "richtext": "长文本", "date": "日期", "month": "年月", "year": "年份",
    "int": "整数", "number": "数值", "decimal": "金额或小数", "bool": "是否", "select": "单选", "multiselect": "多选",
    "code": "字典", "url": "网址", "files": "附件", "ref": "关联记录", "computed": "自动计算",
}
CHECKSUMS = ("issn", "isbn")
DEFAULT_ACCEPT = ("png", "pdf", "jpg")  # of an evidence field that names no types
COMPUTES = {"months_of": "起止日期之间的月数", "length_of": "一项内容的字数"}
# Columns that stand for several fields: key -> (label, start, end, flag of “until now”).
RANGES = {"date_range": ("起止日期", "start_date", "end_date", "to_present")}
_COMMON = {"key", "label", "type", "required", "required_if", "excludes", "hint", "placeholder"}
_BOUNDS = {"min", "max", "gte", "lte", "clamp"}
_KEYS: dict[str, set[str]] = {
    "text": {"max_len", "pattern", "pattern_if", "checksum"}, "textarea": {"max_len"}, "richtext": {"max_len"},
    "date": {"gte", "lte", "not_future"}, "month": {"gte", "lte", "not_future"}, "year": _BOUNDS | {"not_future"},
    "int": _BOUNDS | {"step"}, "number": _BOUNDS | {"step", "scale"}, "decimal": _BOUNDS | {"step", "scale"},
    "bool": set(), "select": {"options"}, "multiselect": {"options"}, "code": {"code_table"}, "url": {"max_len"},
    "files": {"accept", "max_mb", "max_count"}, "ref": {"ref"}, "computed": {"compute"},
}
_DEFAULT_LENGTH = {"text": 200, "textarea": 2000, "richtext": 5000, "url": 500}
_FAMILY = {"int": "number", "decimal": "number"}  # what may be compared with what
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_REPEATED_REPEAT = re.compile(r"\([^)]*[+*][^)]*\)[+*{]")  # (a+)+ takes exponential time


@dataclass(frozen=True)
class Condition:
    """`field` has one of `values`; a missing bool counts as False."""

    field: str
    values: tuple[Any, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds for these normalised values (and context)."""
        return any(type(v) is type(w) and v == w for v in (values.get(self.field, False),) for w in self.values)


@dataclass(frozen=True)
class Field:
    """One field. Numbers are Decimals; `compute` is (operation, source); `pattern_if` pairs a condition and a pattern."""

    key: str
    label: str
    type: str
    required: bool = False
    required_if: Condition | None = None
    excludes: str = ""
    hint: str = ""
    placeholder: str = ""
    max_len: int = 0
    pattern: str = ""
    pattern_if: tuple[Condition, str] | None = None
    checksum: str = ""
    min: Decimal | None = None
    max: Decimal | None = None
    step: Decimal | None = None
    scale: int = 4
    gte: str = ""
    lte: str = ""
    clamp: str = ""  # a value above that field's is lowered to it
    not_future: bool = False
    options: tuple[str, ...] = ()
    code_table: str = ""
    ref: str = ""
    accept: tuple[str, ...] = ()
    max_mb: int = 3
    max_count: int = 10
    compute: tuple[str, str] | None = None

    @property
    def is_input(self) -> bool:
        """Whether a person types it: files are attached and computed values follow from others."""
        return self.type not in ("files", "computed")

    @property
    def vocabulary(self) -> str:
        """The name under which the allowed values of a `code` or `ref` field are asked for."""
        return self.code_table if self.type == "code" else f"ref:{self.ref}"


def parse_fields(definitions: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    """Read a list of definitions; Invalid with a sentence for staff when one is wrong."""
    fields = tuple(parse_field(number, definition) for number, definition in enumerate(definitions, 1))
    by_key = {field.key: field for field in fields}
    if len(by_key) != len(fields):
        twice = next(field for field in fields if by_key[field.key] is not field)
        raise _wrong(twice.label, f"代码“{twice.key}”重复，请换一个。")
    for field in fields:
        _check_references(field, by_key)
    return fields


def settings_of(kind: str) -> frozenset[str]:
    """What a definition of this type may set; for a type that is none, what every field may."""
    return frozenset(_COMMON | _KEYS.get(kind, set()))


def _wrong(name: str, sentence: str) -> Invalid:
    return Invalid(f"字段“{name}”：{sentence}")


def parse_field(number: int, raw: Mapping[str, Any]) -> Field:
    """One definition read by itself; what it says of other fields is not checked. `number` names it when it has no label."""
    if not isinstance(raw, Mapping):
        raise _wrong(f"第 {number} 个", "应是一组“名称: 值”，请检查缩进。")
    label = raw.get("label")
    name = label if isinstance(label, str) and label.strip() else f"第 {number} 个"
    key, kind = raw.get("key"), raw.get("type")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise _wrong(name, "代码（key）须以小写字母开头，只用小写字母、数字和下划线，最多 40 个字符。")
    if not isinstance(label, str) or not 0 < len(label.strip()) <= 60:
        raise _wrong(name, "请填写名称（label），最多 60 个字。")
    if kind not in TYPES:
        raise _wrong(name, f"类型“{kind}”不存在，可用：{'、'.join(TYPES)}。")
    unknown = set(raw) - _COMMON - _KEYS[kind]
    if unknown:
        raise _wrong(name, f"类型“{kind}”没有设置项“{'、'.join(sorted(map(str, unknown)))}”，请删除或改正。")
    values: dict[str, Any] = {
        "key": key, "label": label.strip(), "type": kind,
        "required": _flag(raw, "required", name), "not_future": _flag(raw, "not_future", name),
        "max_len": _count(raw, "max_len", name, _DEFAULT_LENGTH.get(kind, 0), 20000),
        "scale": _count(raw, "scale", name, 4, 6), "max_mb": _count(raw, "max_mb", name, 3, 200),
        "max_count": _count(raw, "max_count", name, 10, 100),
        "min": _number(raw, "min", name), "max": _number(raw, "max", name), "step": _number(raw, "step", name),
        "pattern": _pattern(raw.get("pattern", ""), name),
        "options": _words(raw, "options", name), "accept": _words(raw, "accept", name),
    }
    if kind == "files" and not values["accept"]:
        values["accept"] = DEFAULT_ACCEPT
    for setting in ("excludes", "hint", "placeholder", "checksum", "gte", "lte", "clamp", "code_table", "ref"):
        values[setting] = _text(raw, setting, name)
    if "required_if" in raw:
        values["required_if"] = _condition(raw["required_if"], name)
    if "pattern_if" in raw:
        values["pattern_if"] = _conditional_pattern(raw["pattern_if"], name)
    if "compute" in raw:
        values["compute"] = _compute(raw["compute"], name)
    field = Field(**values)
    _check_alone(field)
    return field


def _check_alone(field: Field) -> None:
    if field.type in ("select", "multiselect") and not field.options:
        raise _wrong(field.label, "单选和多选须列出选项（options）。")
    if field.type == "code" and not field.code_table:
        raise _wrong(field.label, "字典类型须指明字典（code_table）。")
    if field.type == "ref" and not field.ref:
        raise _wrong(field.label, "关联记录须指明关联的种类（ref）。")
    if field.type == "computed" and field.compute is None:
        raise _wrong(field.label, "请选择自动计算的方法。")
    if field.checksum and field.checksum not in CHECKSUMS:
        raise _wrong(field.label, f"校验方法“{field.checksum}”不存在，可用：{'、'.join(CHECKSUMS)}。")
    if field.min is not None and field.max is not None and field.min > field.max:
        raise _wrong(field.label, "最小值不能大于最大值。")
    if field.step is not None and field.step <= 0:
        raise _wrong(field.label, "步长须大于 0。")
    if (field.pattern or field.pattern_if) and field.max_len > 500:
        raise _wrong(field.label, "有格式要求的文本，最大长度不能超过 500。")


def _check_references(field: Field, by_key: Mapping[str, Field]) -> None:
    for setting in ("gte", "lte", "clamp", "excludes"):
        other = getattr(field, setting)
        if not other:
            continue
        target = by_key.get(other)
        if target is None or target is field or not target.is_input:
            raise _wrong(field.label, f"设置项“{setting}”指向的字段“{other}”不存在。")
        if setting != "excludes" and _family(target) != _family(field):
            raise _wrong(field.label, f"不能与类型不同的“{target.label}”比较。")
    conditions = [field.required_if, field.pattern_if[0] if field.pattern_if else None]
    for condition in conditions:
        if condition is None or "." in condition.field:
            continue
        target = by_key.get(condition.field)
        if target is None or not target.is_input:
            raise _wrong(field.label, f"条件中的字段“{condition.field}”不存在。")
        if target.type == "select" and set(condition.values) - set(target.options):
            raise _wrong(field.label, f"条件的取值不在“{target.label}”的选项中。")
    if field.compute:
        operation, source = field.compute
        wanted = RANGES[source][1:3] if operation == "months_of" and source in RANGES else (source,)
        if operation == "months_of" and (source not in RANGES or any(_type(by_key, key) != "date" for key in wanted)):
            raise _wrong(field.label, f"计算月数须有代码为 {'、'.join(wanted)} 的两个日期填写项。")
        if operation == "length_of" and _type(by_key, source) not in ("text", "textarea", "richtext"):
            raise _wrong(field.label, "计算字数请选择一个文本填写项。")


def _type(by_key: Mapping[str, Field], key: str) -> str:
    return by_key[key].type if key in by_key else ""


def _family(field: Field) -> str:
    return _FAMILY.get(field.type, field.type)


def _flag(raw: Mapping[str, Any], setting: str, name: str) -> bool:
    value = raw.get(setting, False)
    if not isinstance(value, bool):
        raise _wrong(name, f"设置项“{setting}”只能是 true 或 false。")
    return value


def _count(raw: Mapping[str, Any], setting: str, name: str, default: int, limit: int) -> int:
    value = raw.get(setting, default)
    if isinstance(value, bool) or not isinstance(value, int) or (setting in raw and not 0 <= value <= limit):
        raise _wrong(name, f"设置项“{setting}”须是 0 到 {limit} 的整数。")
    return value


def _number(raw: Mapping[str, Any], setting: str, name: str) -> Decimal | None:
    value = raw.get(setting)
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise _wrong(name, f"设置项“{setting}”须是数字。")
    return number


def _text(raw: Mapping[str, Any], setting: str, name: str) -> str:
    value = raw.get(setting, "")
    if not isinstance(value, str) or len(value) > 300:
        raise _wrong(name, f"设置项“{setting}”须是文字，最多 300 个字。")
    return value.strip()


def _words(raw: Mapping[str, Any], setting: str, name: str) -> tuple[str, ...]:
    values = raw.get(setting, [])
    if not isinstance(values, list) or not all(isinstance(v, str) and 0 < len(v.strip()) <= 100 for v in values):
        raise _wrong(name, f"设置项“{setting}”须是文字的列表（写“无”时请加引号）。")
    if len(set(values)) != len(values):
        raise _wrong(name, f"设置项“{setting}”中有重复。")
    return tuple(values)


def _pattern(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise _wrong(name, "格式要求（pattern）须是正则表达式，最多 200 个字符。")
    try:
        re.compile(value)
    except re.error:
        raise _wrong(name, "格式要求（pattern）不是有效的正则表达式。") from None
    if _REPEATED_REPEAT.search(value):
        raise _wrong(name, "格式要求（pattern）中的重复不能再次重复，请改写。")
    return value


def _condition(raw: Any, name: str) -> Condition:
    """{"field": key, "equals": value} or {"field": key, "in": [values]}; a plain key means “is true”."""
    if isinstance(raw, str) and raw:
        return Condition(raw, (True,))
    if isinstance(raw, Mapping) and isinstance(raw.get("field"), str) and raw["field"]:
        if set(raw) == {"field", "equals"} and isinstance(raw["equals"], str | bool | int):
            return Condition(raw["field"], (raw["equals"],))
        if set(raw) == {"field", "in"} and isinstance(raw["in"], list) and raw["in"]:
            return Condition(raw["field"], tuple(raw["in"]))
    raise _wrong(name, "条件须写成 {field: 字段, equals: 值} 或 {field: 字段, in: [值, …]}。")


def _conditional_pattern(raw: Any, name: str) -> tuple[Condition, str]:
    if not isinstance(raw, Mapping) or "pattern" not in raw:
        raise _wrong(name, "有条件的格式须写成 {field: 字段, equals: 值, pattern: 格式}。")
    rest = {key: value for key, value in raw.items() if key != "pattern"}
    return _condition(rest, name), _pattern(raw["pattern"], name)


def _compute(raw: Any, name: str) -> tuple[str, str]:
    if isinstance(raw, Mapping) and len(raw) == 1:
        operation, source = next(iter(raw.items()))
        if operation in COMPUTES and isinstance(source, str):
            return operation, source
    raise _wrong(name, "自动计算须写成 {months_of: date_range} 或 {length_of: 字段}。")
