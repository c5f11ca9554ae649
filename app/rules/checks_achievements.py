"""G, continued: when achievements were made, groups of which some must be met, numbers that can be verified."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict

from stdnum import isbn, issn

from app.rules.checks_items import anchor_of, page_of
from app.rules.checks_material import Item, Material, section_page
from app.rules.checks_registry import WARN, Gap, rule
from app.rules.checks_titles import held_since

_DAY = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_PATENT = re.compile(r"(?:ZL)?(\d{12})\.?([\dX])")
_CLOSING = ("end_date", "publish_date", "grant_date", "award_date", "adopt_date", "finish_date")  # before others


def made_on(item: Item) -> dt.date | None:
    """When an achievement was made: its closing date, else the first date it has; months and years count from their start."""
    dates = [field.key for field in item.fields if field.type in ("date", "month", "year")]
    for key in (*(key for key in _CLOSING if key in dates), *dates):
        found = _DAY.fullmatch(str(item.data.get(key) or ""))
        if found:
            year, month, day = (int(part or 1) for part in found.groups())
            return dt.date(year, month, day)
    return None


@rule("G04", group="申报业绩", title="业绩在任现职期间取得", level=WARN, source="product")
def check_g04(material: Material) -> list[Gap]:
    """任现职以来, and not after the plan closes. A month or a year counts when any of its days does."""
    since = held_since(material)
    gaps = []
    for item in material.items:
        made = made_on(item) if item.standard_item_id is not None else None
        if made is None:
            continue
        if since is not None and made < since.replace(month=1, day=1):
            gaps.append(Gap(f"“{item.summary}”在任现职（{since}）之前取得，请核对。", page_of(item, material), anchor_of(item)))
        elif made > material.plan.closes_on:
            gaps.append(Gap(f"“{item.summary}”的日期晚于申报截止日，请核对。", page_of(item, material), anchor_of(item)))
    return gaps


@rule(
    "G05", group="申报业绩", title="任选条件达到规定的条数", source="product",
    points=lambda material: sum(len(section.groups) for section in material.sections),
)
def check_g05(material: Material) -> list[Gap]:
    """n of m: the sentence says of each condition whether it is met."""
    gaps = []
    for section in material.sections:
        for group in section.groups:
            members = section.members(group)
            met = [need for need in members if len(material.under(need.id)) >= max(1, need.minimum)]
            if len(met) < group.minimum:
                lines = "；".join(f"{need.kind}{'已满足' if need in met else '未满足'}" for need in members)
                gaps.append(Gap(
                    f"{section.name}“{group.name}”须满足 {group.minimum} 条，现满足 {len(met)} 条：{lines}。",
                    section_page(section.id), f"requirement-{members[0].id}" if members else ""))
    return gaps


@rule("G06", group="申报业绩", title="刊号、书号、DOI、专利号有效，题目不重复", level=WARN, source="product")
def check_g06(material: Material) -> list[Gap]:
    """Check digits of ISSN, ISBN and Chinese patents, the form of a DOI, and the same title twice."""
    gaps = []
    titles: dict[str, list[Item]] = defaultdict(list)
    for item in material.items:
        if item.standard_item_id is None:
            continue
        for label, wrong in _wrong_numbers(item):
            gaps.append(Gap(f"“{item.summary}”的{label}“{wrong}”不对，请核对。", page_of(item, material), anchor_of(item)))
        title = "".join(str(item.data.get("title") or item.data.get("name") or "").split()).lower()
        if title:
            titles[title].append(item)
    for items in titles.values():
        if len(items) > 1:
            gaps.append(Gap(
                f"“{items[-1].summary}”与另一条业绩的题目相同，请核对是否重复。", page_of(items[-1], material), anchor_of(items[-1])))
    return gaps


def _wrong_numbers(item: Item) -> list[tuple[str, str]]:
    checks = (
        ("ISSN", "issn", issn.is_valid), ("ISBN", "isbn", isbn.is_valid),
        ("DOI", "doi", lambda text: _DOI.fullmatch(text) is not None),
        ("专利号", "ip_no", lambda text: item.data.get("ip_type") != "发明专利" or _is_patent(text)),
    )
    return [
        (label, str(item.data[key])) for label, key, holds in checks if item.data.get(key) and not holds(str(item.data[key]))
    ]


def _is_patent(text: str) -> bool:
    """中国专利申请号: twelve digits and a check digit, weights 2 to 9 and again (ZC 0006-2003)."""
    found = _PATENT.fullmatch(text.strip().upper())
    if found is None:
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(found[1], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)) % 11
    return found[2] == ("X" if rest == 10 else str(rest))
