"""Values of settings as staff read and write them: a text, a list of one a line, or a table of `name：value` lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import Invalid

_COMMA = "、"
_BRIEF = 60  # characters of a value in lists


def is_lines(value: Any) -> bool:
    """A list of texts."""
    return isinstance(value, list) and bool(value) and all(isinstance(line, str) for line in value)


def is_table(value: Any) -> bool:
    """Keys with a text, a whole number or a list of texts each."""
    return isinstance(value, dict) and bool(value) and all(
        isinstance(entry, str) or type(entry) is int or is_lines(entry) for entry in value.values()
    )


def write_table(value: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One line a key, in the order of the names: `单位审核：10`, `获奖：甲、乙`."""
    return "\n".join(
        f"{names.get(key, key)}：{_COMMA.join(value[key]) if isinstance(value[key], list) else value[key]}" for key in _ordered(value, names)
    )


def _ordered(value: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    return [key for key in names if key in value] + [key for key in value if key not in names]


def read_table(text: str, before: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The inverse of write_table, whatever the order of the lines; Invalid names the line that cannot be read."""
    keys = {names.get(key, key): key for key in _ordered(before, names)}
    read: dict[str, Any] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, entry = line.replace(":", "：", 1).partition("：")
        key = keys.get(name.strip())
        if not colon or key is None:
            raise Invalid(f"“{line[:_BRIEF]}”不是“名称：取值”的格式，名称应是：{_COMMA.join(keys)}。")
        if key in read:
            raise Invalid(f"“{name.strip()}”写了两次，请只保留一行。")
        read[key] = _entry(name.strip(), entry.strip(), before[key])
    missing = [name for name, key in keys.items() if key not in read]
    if missing:
        raise Invalid(f"缺少{_COMMA.join(missing)}，每项须有一行。")
    return {key: read[key] for key in before}


def _entry(name: str, text: str, before: Any) -> Any:
    if isinstance(before, list):
        return [part.strip() for part in text.split(_COMMA) if part.strip()]
    if isinstance(before, int):
        if not (text.isascii() and text.isdecimal() and len(text) <= 9):
            raise Invalid(f"“{name}”应是一个整数。")
        return int(text)
    return text


def in_brief(value: Any, names: Mapping[str, str]) -> str:
    """The value in one short line, for lists; definitions by their labels."""
    if is_lines(value):
        words = f"{value[0]}（共 {len(value)} 条）" if len(value) > 1 else value[0]
    elif is_table(value):
        words = write_table(value, names).replace("\n", "；")
    elif isinstance(value, list):
        words = _COMMA.join(str(entry.get("label") or entry.get("name") or "") if isinstance(entry, dict) else str(entry)
                            for entry in value)
    else:
        words = str(value)
    return words if len(words) <= _BRIEF else words[: _BRIEF - 1] + "…"
