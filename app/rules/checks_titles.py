"""D 现有职称: what the applicant holds already, with appointments and evidence."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from app.rules import deadlines, identity
from app.rules.checks_material import HeldTitleFacts, Material
from app.rules.checks_registry import WARN, Gap, rule

PAGE, PLACE = "basic", "#held-titles"
INTERMEDIATE = 3  # rank of 中级
CONFIRMED = "05"  # 职称取得方式: 确认


def place_of(held: HeldTitleFacts) -> str:
    """The HTML id of a held title's row."""
    return f"#held-title-{held.id}"


@rule(
    "D01", group="现有职称", title="已录入现有职称",
    points=lambda material: int(material.choice.rank >= INTERMEDIATE),
)
def check_d01(material: Material) -> list[Gap]:
    """Whoever applies for 中级 or higher holds a title (初定: B05; 绿色通道 waives it)."""
    if material.held_titles or material.choice.rank < INTERMEDIATE or is_initial(material):
        return []
    return [Gap("请录入现有职称及相关的评聘情况，并上传专业技术资格证书和聘书。", PAGE, PLACE)]


@rule("D01f", group="现有职称", title="现有职称已上传证明材料")
def check_d01f(material: Material) -> list[Gap]:
    """The other half of D01: every title that is named has its certificate as evidence, whatever the route."""
    return [
        Gap(f"请为现有职称“{held.title}”上传证明材料（专业技术资格证书及聘书）。", PAGE, place_of(held))
        for held in material.held_titles if not held.files
    ]


@rule("D02", group="现有职称", title="事业单位人员已填写评聘情况")
def check_d02(material: Material) -> list[Gap]:
    """The manual: 事业单位人员的现有职称评聘情况为必填项; at least for the first, which the 评审表 shows."""
    if not material.unit.is_institution or not material.held_titles or material.held_titles[0].appointments:
        return []
    first = material.held_titles[0]
    return [Gap(
        f"您所在单位为事业单位，请根据聘用文件填写现有职称“{first.title}”的评聘情况。", PAGE, place_of(first))]


@rule("D03", group="现有职称", title="评审、发证、聘用日期先后合理", source="product")
def check_d03(material: Material) -> list[Gap]:
    """评审日期 ≤ 发证日期, 聘用开始 ≤ 聘用结束; saving refuses it, this catches what was saved otherwise."""
    gaps = []
    for held in material.held_titles:
        if held.issued_on < held.reviewed_on:
            gaps.append(Gap(f"现有职称“{held.title}”的发证日期早于评审日期，请核对。", PAGE, place_of(held)))
        for row in held.appointments:
            if row.to_present == (row.ends_on is not None):
                gaps.append(Gap(f"聘用“{row.name}”的结束日期和“至今”须填写且只填写一项。", PAGE, place_of(held)))
            elif row.ends_on is not None and row.ends_on < row.starts_on:
                gaps.append(Gap(f"聘用“{row.name}”的结束日期早于开始日期，请核对。", PAGE, place_of(held)))
    return gaps


@rule("D03w", group="现有职称", title="聘用时间与取得资格时间相符、没有重叠", level=WARN, source="product")
def check_d03w(material: Material) -> list[Gap]:
    """D03's hints: an appointment before the title, and appointments at the same time."""
    gaps = []
    spans: list[tuple[dt.date, dt.date, str]] = []
    today = deadlines.today(material.now)
    for held in material.held_titles:
        for row in held.appointments:
            spans.append((row.starts_on, row.ends_on or today, row.name))
            if row.starts_on < held.reviewed_on:
                gaps.append(Gap(
                    f"聘用“{row.name}”自 {row.starts_on} 开始，早于“{held.title}”的评审日期，请核对。", PAGE, place_of(held)))
    for before, after in pairwise(sorted(spans)):
        if after[0] < before[1]:
            gaps.append(Gap(f"聘用“{before[2]}”与“{after[2]}”的时间重叠，请核对。", PAGE, PLACE))
    return gaps


@rule("D05", group="现有职称", title="第一条是最高的现有职称", level=WARN)
def check_d05(material: Material) -> list[Gap]:
    """The first is printed as 现任专业技术职务 on the front of the 评审表."""
    if not material.held_titles:
        return []
    first, highest = material.held_titles[0], max(material.held_titles, key=lambda held: held.rank)
    if first.rank >= highest.rank:
        return []
    return [Gap(
        f"评审表首页的“现任专业技术职务”将显示第一条“{first.title}”，它不是最高的“{highest.title}”，请核对顺序。", PAGE, PLACE)]


@rule("D06", group="现有职称", title="外省取得的职称已经确认", level=WARN, source="product")
def check_d06(material: Material) -> list[Gap]:
    """Titles of other provinces are confirmed first (异地职称确认)."""
    return [
        Gap(f"“{held.title}”为外省取得，请先在“个人中心—异地职称”办理确认。", PAGE, place_of(held))
        for held in material.held_titles if held.from_elsewhere and held.acquisition_code != CONFIRMED
    ]


def highest(material: Material) -> HeldTitleFacts | None:
    """The highest title held; of equal ones the first in the applicant's order."""
    return max(material.held_titles, key=lambda held: held.rank, default=None)


DOCTOR = 90  # rank of 博士研究生 in the dictionary of educations


def education_rank(material: Material) -> int:
    """The rank of the highest 合格学历, 0 without one."""
    return max((
        material.education_ranks.get(str(item.data.get("education_level")), 0)
        for item in material.on_page("education") if item.is_qualifying
    ), default=0)


def is_initial(material: Material) -> bool:
    """初定: without a title, an education that leads straight to the level applied for (a doctor's to 中级)."""
    return not material.held_titles and material.choice.rank == INTERMEDIATE and education_rank(material) >= DOCTOR


def held_since(material: Material) -> dt.date | None:
    """任现职以来: units of the state count from the appointment, others from the title itself; None without a title."""
    held = highest(material)
    if held is None:
        return None
    if material.unit.is_institution and held.appointments:
        return min(row.starts_on for row in held.appointments)
    return held.reviewed_on


@rule("D04", group="现有职称", title="任现职年限符合要求", source="law")
def check_d04(material: Material) -> list[Gap]:
    """Whole years up to the end of the plan year. Waived for 破格 and 转评, which are judged by their forms instead."""
    since, held = held_since(material), highest(material)
    if since is None or held is None or held.rank != material.choice.rank - 1:
        return []
    key = "doctor_years" if education_rank(material) >= DOCTOR else "years"
    wanted, until = material.parameter("D04", key), dt.date(material.plan.year, 12, 31)
    years = identity.age_on(since, until)
    if years >= wanted:
        return []
    return [Gap(
        f"任现职年限须满 {wanted} 年，自 {since} 计算到 {until} 为 {max(years, 0)} 年；符合破格条件的请选择破格申报。",
        PAGE, place_of(held))]
