"""E and F, continued: how the career hangs together, the education a level asks for, hours and assessments year by year."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from app.rules import deadlines, identity
from app.rules.check_settings import BY_RULE
from app.rules.checks_items import anchor_of
from app.rules.checks_material import Item, Material
from app.rules.checks_personal import day, whole
from app.rules.checks_registry import WARN, Gap, rule
from app.rules.checks_titles import education_rank, held_since

WORK, EDUCATION, STUDIES, ASSESSMENTS = "work_experience", "education", "continuing_education", "annual_assessment"
# Which parameter of E04 holds the least 合格学历 of a level, by its rank; below it 破格 is the way.
LEAST_EDUCATION = {5: "senior", 4: "associate_senior", 3: "intermediate", 2: "junior", 1: "junior"}
UNCOUNTED = ("不合格", "未参加考核")
_START_TOLERANCE = 3  # months between 工作时间 and the first 工作经历
_GRADUATION_AGE = 15


def _months(earlier: dt.date, later: dt.date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month - (later.day < earlier.day)


@rule("E02", group="经历学历", title="工作经历前后衔接", level=WARN, source="product")
def check_e02(material: Material) -> list[Gap]:
    """The first one begins with 工作时间; gaps longer than the plan allows, and times that overlap."""
    today = deadlines.today(material.now)
    spans = sorted(
        (start, end, item)
        for item in material.on_page(WORK)
        if (start := day(item.data.get("start_date"))) is not None
        and (end := today if item.data.get("to_present") else day(item.data.get("end_date"))) is not None
    ) if material.on_page(WORK) else []
    gaps = []
    began = day(material.personal.get("work_start"))
    if spans and began is not None and abs(_months(min(began, spans[0][0]), max(began, spans[0][0]))) > _START_TOLERANCE:
        gaps.append(Gap(f"第一段工作经历自 {spans[0][0]} 开始，与工作时间 {began} 不一致，请核对。", WORK, anchor_of(spans[0][2])))
    most = material.parameter("E02", "gap_months")
    for before, after in pairwise(spans):
        if after[0] <= before[1]:
            gaps.append(Gap(f"“{before[2].summary}”与“{after[2].summary}”的时间重叠，请核对。", WORK, anchor_of(after[2])))
        elif _months(before[1], after[0]) > most:
            gaps.append(Gap(f"{before[1]} 至 {after[0]} 没有工作经历，空档超过 {most} 个月，请核对。", WORK, anchor_of(after[2])))
    return gaps


@rule("E04", group="经历学历", title="合格学历达到申报级别的要求", source="law")
def check_e04(material: Material) -> list[Gap]:
    """With less, 破格 is the way: it waives this rule."""
    rank, key = education_rank(material), LEAST_EDUCATION.get(material.choice.rank)
    if rank == 0 or key is None:
        return []
    least = material.parameter("E04", key)
    if rank >= least:
        return []
    name = next(entry.name_of(least) for entry in BY_RULE["E04"].parameters if entry.key == key)
    return [Gap(f"申报“{material.choice.level}”的合格学历须为{name}以上，不具备规定学历的请选择破格申报。", EDUCATION)]


@rule("E06", group="经历学历", title="毕业年龄和学制合理", level=WARN, source="product")
def check_e06(material: Material) -> list[Gap]:
    """Graduation at an age that is possible, and a length of schooling that fits the dates."""
    gaps = []
    for item in material.on_page(EDUCATION):
        start, end, birth = day(item.data.get("start_date")), day(item.data.get("end_date")), material.person.birth_date
        if end is not None and birth is not None and identity.age_on(birth, end) < _GRADUATION_AGE:
            gaps.append(Gap(f"“{item.summary}”毕业时未满 {_GRADUATION_AGE} 周岁，请核对。", EDUCATION, anchor_of(item)))
        years = _decimal(item.data.get("schooling_years"))
        if start is not None and end is not None and years and abs(Decimal(_months(start, end)) / 12 - years) > 1:
            gaps.append(Gap(f"“{item.summary}”的起止日期与学制 {years.normalize():f} 年不符，请核对。", EDUCATION, anchor_of(item)))
    return gaps


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def years_asked(material: Material, rule_id: str) -> range:
    """The years before the plan's that count: as many as the plan says, none before 任现职 or the first full year of work."""
    first = material.plan.year - material.parameter(rule_id, "years")
    since = held_since(material) or day(material.personal.get("work_start"))
    if since is not None:
        first = max(first, since.year + 1)
    return range(min(first, material.plan.year), material.plan.year)


@rule(
    "F01", group="继续教育/考核", title="近年继续教育学时符合要求", source="law",
    points=lambda material: len(years_asked(material, "F01")),
)
def check_f01(material: Material) -> list[Gap]:
    """令 25: hours every year, of which 专业课 and 公需课; the numbers are the plan's."""
    sums: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for item in material.on_page(STUDIES):
        year, hours = whole(item.data.get("year")), _decimal(item.data.get("hours"))
        if year is not None and hours is not None:
            sums[year][str(item.data.get("course_type"))] += hours
    total, professional, public = (material.parameter("F01", key) for key in ("hours", "professional", "public"))
    gaps = []
    for year in years_asked(material, "F01"):
        done = sums[year]
        have = sum(done.values(), Decimal(0))
        if have < total or done["专业课"] < professional or done["公需课"] < public:
            gaps.append(Gap(
                f"{year} 年继续教育须满 {total} 学时（专业课 {professional}、公需课 {public}），"
                f"现有 {have.normalize():f}（专业课 {done['专业课'].normalize():f}、公需课 {done['公需课'].normalize():f}）。", STUDIES))
    return gaps


@rule(
    "F02", group="继续教育/考核", title="近年年度考核齐全", source="law",
    points=lambda material: len(years_asked(material, "F02")),
)
def check_f02(material: Material) -> list[Gap]:
    """Every year has an assessment that counts."""
    results: dict[int, Item] = {}
    for item in material.on_page(ASSESSMENTS):
        if (year := whole(item.data.get("year"))) is not None:
            results[year] = item
    gaps = []
    for year in years_asked(material, "F02"):
        found = results.get(year)
        if found is None:
            gaps.append(Gap(f"缺少 {year} 年的年度考核，请导入。", ASSESSMENTS))
        elif found.data.get("result") in UNCOUNTED:
            gaps.append(Gap(f"{year} 年的考核结果为“{found.data['result']}”，该年度不计入。", ASSESSMENTS, anchor_of(found)))
    return gaps
