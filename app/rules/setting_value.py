"""Values of settings: a new value must have the shape of the one before, for code reads it without asking."""

from __future__ import annotations

from typing import Any

from app.errors import Invalid
from app.rules.numbering import number_of, prefix_of

NUMBER_TEMPLATE, PROVINCE = "certificate.number_template", "certificate.province"
NUMBER_LENGTH = 24  # of Certificate.number
_SAMPLE = {"province": "34", "year": "2026", "city": "01", "series": "01", "level": "01"}
_WORDS = {str: "一段文字", bool: "true 或 false", int: "一个整数", float: "一个数", list: "一个列表", dict: "一组键和值"}


def check_value(key: str, before: Any, after: Any) -> None:
    """Invalid with a sentence unless `after` may take the place of `before`."""
    _same_shape(before, after, "取值")
    if key == NUMBER_TEMPLATE:
        if len(sample_number(after)) > NUMBER_LENGTH:
            raise Invalid(f"按这个模板生成的证书编号超过 {NUMBER_LENGTH} 位，请缩短。")
    elif key == PROVINCE and not (len(after) == 2 and after.isascii() and after.isdecimal()):
        raise Invalid("省级代码为两位数字，例如 34。")


def sample_number(template: str) -> str:
    """A number the template would give; Invalid when it is no template."""
    return number_of(template, prefix_of(template, _SAMPLE), 1)


def _same_shape(before: Any, after: Any, name: str) -> None:
    if type(before) is not type(after):
        raise Invalid(f"{name}应是{_WORDS.get(type(before), '与原来相同的类型')}，与原来的取值一致。")
    if isinstance(before, str) and not after.strip():
        raise Invalid(f"{name}不能为空。")
    if isinstance(before, dict):
        if before.keys() != after.keys():
            raise Invalid(f"{name}应有且仅有这些键：{'、'.join(before)}。")
        for key, value in before.items():
            _same_shape(value, after[key], f"“{key}”")
    elif isinstance(before, list) and before:
        for number, value in enumerate(after, 1):
            _same_shape(before[0], value, f"{name}第 {number} 项")
