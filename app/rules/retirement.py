"""法定退休年龄, delayed step by step since 2025 (全国人大常委会决定, 2024-09-13)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class _Scale:
    """`years`: the age before the reform; who was born in `base` or later retires one month later every `step` months."""

    years: int
    base: tuple[int, int]
    step: int
    cap: int


MEN = _Scale(60, (1965, 1), 4, 36)
WOMEN = _Scale(55, (1970, 1), 4, 36)  # 管理、技术岗位


def retires_on(sex: str, born: dt.date) -> dt.date:
    """The day on which somebody reaches the age: the birthday's day in the month it falls into."""
    scale = WOMEN if sex == "女" else MEN
    since = (born.year - scale.base[0]) * 12 + born.month - scale.base[1]
    delay = 0 if since < 0 else min(scale.cap, -(-(since + 1) // scale.step))
    months = born.year * 12 + born.month - 1 + scale.years * 12 + delay
    year, month = divmod(months, 12)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(born.day, last))
