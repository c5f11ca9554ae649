"""诚信档案: the kinds of record, how long each bars, and who may record it. All of it is data of the dictionaries."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from models.integrity import INTEGRITY_KINDS

OWN_STAFF_ONLY = frozenset({"employer", "agency"})  # these record about the people bound to them
_MOST_MONTHS = 1200


@dataclass(frozen=True)
class Category:
    """An entry of the dictionary integrity_kind. `bars`: applying is forbidden for its `months`; `basis`: the clause."""

    code: str
    name: str
    kind: str
    months: int
    bars: bool
    basis: str


def parse_category(code: str, name: str, extra: Mapping[str, Any] | None) -> Category | None:
    """The category of a dictionary entry; None when its own columns make no sense, so that it is not offered."""
    said = extra or {}
    kind, months = str(said.get("kind", "")), str(said.get("months", ""))
    if kind not in INTEGRITY_KINDS or not (months.isascii() and months.isdecimal() and 0 < int(months) <= _MOST_MONTHS):
        return None
    return Category(code, name, kind, int(months), str(said.get("bars", "0")) == "1", str(said.get("basis", "")))


def recordable(kinds_of_organization: Iterable[str], recorders: Mapping[str, Any]) -> frozenset[str]:
    """Which kinds of record (integrity, discipline) an organization with these roles may make."""
    roles = set(kinds_of_organization)
    return frozenset(kind for kind in INTEGRITY_KINDS if roles & set(recorders.get(kind, ())))


def last_day(first: dt.date, months: int) -> dt.date:
    """The last day of a period of months: 2026-01-31 and one month end on 2026-02-28, 2026-03-15 and twelve on 2027-03-14."""
    index = first.year * 12 + first.month - 1 + months
    year, month = divmod(index, 12)
    length = calendar.monthrange(year, month + 1)[1]
    if first.day > length:  # there is no such day: the month's last one ends the period
        return dt.date(year, month + 1, length)
    return dt.date(year, month + 1, first.day) - dt.timedelta(days=1)
