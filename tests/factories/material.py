"""A good application as the checks see it, and small changes to it: what the tests of the rules start from."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from app.rules.checks import RULES
from app.rules.checks_material import (
    AppointmentFacts,
    Choice,
    FileRef,
    HeldTitleFacts,
    Item,
    Material,
    PersonFacts,
    PlanFacts,
    PledgeFacts,
    Requirement,
    Section,
    Slot,
    UnitFacts,
)
from app.rules.fields import parse_fields

NOON = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)  # 12:00 in Asia/Shanghai
PERSONAL = parse_fields([
    {"key": "birth_place", "label": "出生地", "type": "text", "required": True},
    {"key": "work_start", "label": "工作时间", "type": "date", "required": True},
    {"key": "work_years", "label": "工作年限", "type": "int", "required": True},
    {"key": "profession_years", "label": "专业年限", "type": "int", "required": True},
    {"key": "salary_grade", "label": "工资级别", "type": "text"},
])
PROFESSIONAL = parse_fields([
    {"key": "teach_years", "label": "教龄", "type": "int", "required": True},
    {"key": "rural_teach_years", "label": "农村教龄", "type": "int"},
    {"key": "teach_start", "label": "从教日期", "type": "date"},
    {"key": "catti", "label": "资格证书", "type": "text", "required_if": {"field": "application.level", "equals": "正高级"}},
])
WORK_FIELDS = parse_fields([
    {"key": "unit_name", "label": "工作单位", "type": "text"}, {"key": "award_date", "label": "获奖日期", "type": "date"}])
YEARS = range(2021, 2026)
FILE = FileRef(1, 1, "身份证正面.pdf", "application/pdf", 1000, "a" * 64)


def item(number: int, *, page: str = "", need: int | None = None, kind: int = 1, **values: Any) -> Item:
    known = {"state": "approved", "owner_id": 1, "is_qualifying": False, "data": {"unit_name": f"单位{number}"}} | values
    return Item(
        id=number, achievement_id=known.pop("achievement_id", number), page=page, standard_item_id=need, position=number,
        summary=f"业绩{number}", kind_id=kind, kind="工作经历", fields=WORK_FIELDS, list_columns=("unit_name",), **known,
    )


APPOINTED = AppointmentFacts("一级教师", "合肥市第八中学", dt.date(2013, 1, 1), None, to_present=True)
HELD = HeldTitleFacts(
    1, 1, "01", "评审", "340001", "合肥市第八中学", "中小学教师", "高中数学", "一级教师", 3, "中级", 3, "评委会",
    dt.date(2012, 11, 20), "合肥市人社局", dt.date(2012, 12, 31), from_elsewhere=False, appointments=(APPOINTED,),
    files=(replace(FILE, attachment_id=2, file_id=2, name="资格证书.pdf", sha256="b" * 64),),
)
GOOD = Material(
    application_id=7, version=5, checked_version=5, state="editing", created_at=NOON, submitted_at=None, now=NOON,
    person=PersonFacts(1, "李明", "李明", "男", dt.date(1982, 5, 12), "01", "居民身份证", "340103198205120778",
                       "13900000000", 3, is_registered=True, is_freelancer=False),
    unit=UnitFacts(9, "合肥市第八中学", "50", "事业单位", ("340100", "340000"), "", is_institution=True),
    plan=PlanFacts(2, "2026年—评委会", 2026, "published", dt.date(2026, 10, 1), dt.date(2026, 12, 31), ("regular",),
                   needs_interview=False, committee="评委会", convener_id=4, convener="安徽省教育厅", contact="",
                   phone="0551-62810000", region_path=("340000",)),
    choice=Choice("regular", "常规申报", 22, "中小学教师", 5, "高中数学", 6, "高级教师", 4, "副高级", 8, "资格条件",
                  offered=True, level_offered=True, standard_fits=True, rank=4),
    pledge=PledgeFacts(1, NOON, 1),
    personal_fields=PERSONAL, professional_fields=PROFESSIONAL,
    personal={"birth_place": "合肥", "work_start": "2005-08-01", "work_years": 21, "profession_years": 20},
    professional={"teach_years": 20, "rural_teach_years": 0, "teach_start": "2005-08-01"},
    held_titles=(HELD,),
    sections=(Section(1, "能力条件", (Requirement(11, 1, "综合业绩能力", 1, 2, ""),)),),
    items=(
        item(1, page="work_experience", data={"start_date": "2005-08-01", "to_present": True}),
        item(2, page="education", is_qualifying=True, data={
            "has_degree": True, "degree": "4", "education_level": "21", "start_date": "2001-09-01", "end_date": "2005-07-01",
            "schooling_years": "4"}),
        *(item(1000 + 2 * year, page="continuing_education", data={"course_type": "公需课", "hours": "30", "year": year})
          for year in YEARS),
        *(item(1001 + 2 * year, page="continuing_education", data={"course_type": "专业课", "hours": "72", "year": year})
          for year in YEARS),
        *(item(9000 + year, page="annual_assessment", data={"year": year, "result": "合格"}) for year in YEARS),
        item(5, need=11),
    ),
    slots=(Slot("id_card", "身份证正反面", is_required=True, condition=None, types=("pdf",), max_mb=3, max_count=2,
                files=(FILE,)),),
    education_ranks={"11": 90, "21": 60, "31": 50, "61": 35},
)


def found(material: Material, rule_id: str) -> str:
    """The sentences of a rule, empty when it holds."""
    finding = RULES[rule_id].check(material)
    return finding.message if finding else ""


def personal(**values: Any) -> Material:
    return replace(GOOD, personal={**GOOD.personal, **values})


def professional(**values: Any) -> Material:
    return replace(GOOD, professional={**GOOD.professional, **values})


def held(**values: Any) -> Material:
    return replace(GOOD, held_titles=(replace(HELD, **values),))


def appointed(*rows: AppointmentFacts) -> Material:
    return held(appointments=rows)


def without(achievement: int) -> Material:
    """Without the item of that number."""
    return replace(GOOD, items=tuple(i for i in GOOD.items if i.id != achievement))


def items(*others: Item, without: str = "") -> Material:
    return replace(GOOD, items=(*(i for i in GOOD.items if i.page != without or not without), *others))
