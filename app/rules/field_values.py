"""One raw value of one field, made into the JSON value that is stored. Pure; ValueError carries the sentence to show.

Stored forms: dates "2026-01-31", months "2026-01", years and ints as int, other numbers as plain decimal strings
("0.5"), bools, lists of words for multiselect, record ids as int, everything else text in NFC without control
characters. Normalising a stored form again gives the same form.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from stdnum import isbn, issn

from app.rules.field_definitions import Field

Codes = Callable[[str], Collection[str]]
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
_YEAR = re.compile(r"(\d{4})年?")
_INT = re.compile(r"[+-]?\d{1,9}")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,12})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_EARLIEST = 1900
_LATEST = 2100
_TRUE, _FALSE = ("true", "y", "yes", "on", "1", "是"), ("false", "n", "no", "off", "0", "否")
_CHECKS: dict[str, Callable[[str], bool]] = {"issn": issn.is_valid, "isbn": isbn.is_valid}


def clean_text(raw: object, *, lines: bool = False) -> str:
    """NFC, without control, format and lone surrogate characters; line breaks kept as \\n when `lines`."""
    if isinstance(raw, dt.date):
        raw = raw.isoformat()
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise ValueError("填写的内容无法识别，请重新填写。")
    text = str(raw).replace("\r\n", "\n").replace("\r", "\n")
    if lines:
        text = text.replace("\t", " ")
    else:
        text = re.sub(r"[\n\t\v\f\u2028\u2029]+", " ", text)
    text = unicodedata.normalize("NFC", "".join(c for c in text if _is_shown(c)))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def _is_shown(character: str) -> bool:
    return character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def _narrow(raw: object) -> str:
    """Digits and signs as people type them in full width, made plain."""
    return unicodedata.normalize("NFKC", clean_text(raw)).replace(" ", "")


def normalise(field: Field, raw: object, codes: Codes, today: dt.date) -> Any:
    """The stored form of `raw`, or None when nothing was filled in. An optional bool is never empty: it is False."""
    if field.type == "bool":
        return _bool(field, raw)
    if raw is None or raw in ("", []):
        return None
    return _BY_TYPE[field.type](field, raw, codes, today)


def _bool(field: Field, raw: object) -> bool | None:
    if isinstance(raw, bool):
        return raw
    text = "" if raw is None else clean_text(raw).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text:
        raise ValueError(f"请为“{field.label}”选择是或否。")
    return None if field.required else False


def _text(field: Field, raw: object, codes: Codes, today: dt.date) -> str | None:
    text = clean_text(raw, lines=field.type in ("textarea", "richtext"))
    if not text:
        return None
    if len(text) > field.max_len:
        raise ValueError(f"“{field.label}”最多 {field.max_len} 字，现有 {len(text)} 字，请精简。")
    if field.checksum:
        text = unicodedata.normalize("NFKC", text).upper()
    check_pattern(field, field.pattern, text)
    if field.checksum and not _CHECKS[field.checksum](text):
        raise ValueError(f"“{field.label}”的校验位不对，请对照原件逐位核对。")
    return text


def check_pattern(field: Field, pattern: str, text: str) -> None:
    """ValueError unless the whole text has the form."""
    if pattern and not re.fullmatch(pattern, text):
        raise ValueError(f"“{field.label}”的格式不对，请对照原件核对。{field.hint}")


def _date(field: Field, raw: object, codes: Codes, today: dt.date) -> str:
    match = _DATE.fullmatch(_narrow(raw))
    try:
        day = dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(f"请按“2026-01-31”的样式填写“{field.label}”，并确认这一天存在。")
    _in_time(field, day.year, day > today)
    return day.isoformat()


def _month(field: Field, raw: object, codes: Codes, today: dt.date) -> str:
    match = _MONTH.fullmatch(_narrow(raw))
    year, month = map(int, match.groups()) if match else (0, 0)
    if not 1 <= month <= 12:
        raise ValueError(f"请按“2026-01”的样式填写“{field.label}”。")
    _in_time(field, year, (year, month) > (today.year, today.month))
    return f"{year:04d}-{month:02d}"


def _year(field: Field, raw: object, codes: Codes, today: dt.date) -> int:
    match = _YEAR.fullmatch(_narrow(raw))
    if not match:
        raise ValueError(f"请为“{field.label}”填写四位年份，例如 {today.year}。")
    year = int(match.group(1))
    _in_time(field, year, year > today.year)
    _between(field, Decimal(year))
    return year


def _in_time(field: Field, year: int, is_future: bool) -> None:
    if not _EARLIEST <= year <= _LATEST:
        raise ValueError(f"“{field.label}”的年份须在 {_EARLIEST} 到 {_LATEST} 之间，请核对。")
    if field.not_future and is_future:
        raise ValueError(f"“{field.label}”不能晚于今天，请核对。")


def _int(field: Field, raw: object, codes: Codes, today: dt.date) -> int:
    text = _narrow(raw)
    if not _INT.fullmatch(text):
        raise ValueError(f"请为“{field.label}”填写整数。")
    _between(field, Decimal(text))
    return int(text)


def _number(field: Field, raw: object, codes: Codes, today: dt.date) -> str:
    text = _narrow(raw)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"请为“{field.label}”填写数字，例如 12.5。")
    value = Decimal(text)
    plain = format(value.normalize(), "f")
    if len(plain.partition(".")[2]) > field.scale:
        raise ValueError(f"“{field.label}”最多保留 {field.scale} 位小数。")
    _between(field, value)
    return "0" if value == 0 else plain


def _between(field: Field, value: Decimal) -> None:
    if field.min is not None and value < field.min:
        raise ValueError(f"“{field.label}”不能小于 {field.min}。")
    if field.max is not None and value > field.max:
        raise ValueError(f"“{field.label}”不能大于 {field.max}。")
    if field.step is not None and (value - (field.min or 0)) % field.step:
        raise ValueError(f"“{field.label}”须以 {field.step} 为单位填写。")


def _select(field: Field, raw: object, codes: Codes, today: dt.date) -> str | None:
    text = clean_text(raw)
    if not text:
        return None
    if text not in field.options:
        raise ValueError(f"请从列表中选择“{field.label}”。")
    return text


def _multiselect(field: Field, raw: object, codes: Codes, today: dt.date) -> list[str] | None:
    words = raw if isinstance(raw, list | tuple) else [raw]
    chosen = {clean_text(word) for word in words} - {""}
    if chosen - set(field.options):
        raise ValueError(f"请从列表中选择“{field.label}”。")
    return [option for option in field.options if option in chosen] or None


def _code(field: Field, raw: object, codes: Codes, today: dt.date) -> str | None:
    text = clean_text(raw)
    if not text:
        return None
    if text not in codes(field.vocabulary):
        raise ValueError(f"请从列表中选择“{field.label}”。")
    return text


def _ref(field: Field, raw: object, codes: Codes, today: dt.date) -> int | None:
    text = _code(field, raw, codes, today)
    return None if text is None else int(text)


def _url(field: Field, raw: object, codes: Codes, today: dt.date) -> str | None:
    text = clean_text(raw)
    if not text:
        return None
    try:
        parts = urlsplit(text)
        known = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        known = False
    if not known or re.search(r"\s", text) or len(text) > field.max_len:
        raise ValueError(f"“{field.label}”须是以 http:// 或 https:// 开头的网址，最多 {field.max_len} 个字符。")
    return text


_BY_TYPE: dict[str, Callable[[Field, object, Codes, dt.date], Any]] = {
    "text": _text, "textarea": _text, "richtext": _text, "date": _date, "month": _month, "year": _year, "int": _int,
    "number": _number, "decimal": _number, "select": _select, "multiselect": _multiselect, "code": _code,
    "ref": _ref, "url": _url,
}
