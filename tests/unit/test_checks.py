"""开始检测: each rule on a material that passes it and on one that does not. The sentences cite the manual's rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from app.rules import deadlines
from app.rules.checks import BLOCK, RULES, WARN, examine
from app.rules.checks_items import limits
from app.rules.checks_material import (
    Ban,
    Choice,
    FileRef,
    Item,
    Material,
    PersonFacts,
    PlanFacts,
    PledgeFacts,
    Requirement,
    Rival,
    Section,
    Slot,
    UnitFacts,
)
from app.rules.checks_registry import rule
from app.rules.field_definitions import Condition
from app.rules.fields import parse_fields
from app.rules.snapshot import compose, digest, hours

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
WORK_FIELDS = parse_fields([{"key": "unit_name", "label": "工作单位", "type": "text"}])
FILE = FileRef(1, 1, "身份证正面.pdf", "application/pdf", 1000, "a" * 64)


def item(number: int, *, page: str = "", need: int | None = None, kind: int = 1, **values: Any) -> Item:
    known = {"state": "approved", "owner_id": 1, "is_qualifying": False, "data": {"unit_name": f"单位{number}"}} | values
    return Item(
        id=number, achievement_id=known.pop("achievement_id", number), page=page, standard_item_id=need, position=number,
        summary=f"业绩{number}", kind_id=kind, kind="工作经历", fields=WORK_FIELDS, list_columns=("unit_name",), **known,
    )


GOOD = Material(
    application_id=7, version=5, checked_version=5, state="editing", created_at=NOON, submitted_at=None, now=NOON,
    person=PersonFacts(1, "李明", "李明", "男", dt.date(1982, 5, 12), "01", "居民身份证", "340103198205120778",
                       "13900000000", 3, is_registered=True, is_freelancer=False),
    unit=UnitFacts(9, "合肥市第八中学", "50", "事业单位", ("340100", "340000"), ""),
    plan=PlanFacts(2, "2026年—评委会", 2026, "published", dt.date(2026, 10, 1), dt.date(2026, 12, 31), ("regular",),
                   needs_interview=False, committee="评委会", convener_id=4, convener="安徽省教育厅", contact="",
                   phone="0551-62810000"),
    choice=Choice("regular", "常规申报", 22, "中小学教师", 5, "高中数学", 6, "高级教师", 4, "副高级", 8, "资格条件",
                  offered=True, level_offered=True, standard_fits=True),
    pledge=PledgeFacts(1, NOON, 1),
    personal_fields=PERSONAL, professional_fields=PROFESSIONAL,
    personal={"birth_place": "合肥", "work_start": "2005-08-01", "work_years": 21, "profession_years": 20},
    professional={"teach_years": 20, "rural_teach_years": 0, "teach_start": "2005-08-01"},
    sections=(Section(1, "能力条件", (Requirement(11, 1, "综合业绩能力", 1, 2, ""),)),),
    items=(
        item(1, page="work_experience"),
        item(2, page="education", is_qualifying=True, data={"has_degree": True, "degree": "4"}),
        item(3, page="continuing_education", data={"course_type": "公需课", "hours": "30"}),
        item(4, page="annual_assessment", data={"year": 2025}),
        item(5, need=11),
    ),
    slots=(Slot("id_card", "身份证正反面", is_required=True, condition=None, types=("pdf",), max_mb=3, max_count=2,
                files=(FILE,)),),
)


def found(material: Material, rule_id: str) -> str:
    """The sentences of a rule, empty when it holds."""
    finding = RULES[rule_id].check(material)
    return finding.message if finding else ""


def personal(**values: Any) -> Material:
    return replace(GOOD, personal={**GOOD.personal, **values})


def professional(**values: Any) -> Material:
    return replace(GOOD, professional={**GOOD.professional, **values})


def items(*others: Item, without: str = "") -> Material:
    return replace(GOOD, items=(*(i for i in GOOD.items if i.page != without or not without), *others))


def test_a_good_application_has_no_finding_at_all():
    report = examine(GOOD)
    assert [finding.message for finding in report.findings] == []
    assert report.is_clean
    assert report.percent == 100


def test_every_wanted_rule_is_registered():
    wanted = {"A01", "A02", "A03", "A04", "A05", "A09", "B01", "B02", "C01", "C02", "C03", "C04", "C06", "E01", "E03",
              "F03", "G01", "G02", "G03", "H01", "I02"}
    assert wanted <= set(RULES)
    assert all(entry.check.__doc__ for entry in RULES.values())


def test_a_rule_is_registered_once():
    with pytest.raises(RuntimeError, match="A01"):
        rule("A01", group="资格", title="again")


BAD: list[tuple[str, Material, str]] = [
    ("A01", replace(GOOD, unit=replace(GOOD.unit, id=None)), "还没有绑定单位"),
    ("A01", replace(GOOD, unit=replace(GOOD.unit, id=None, pending="registration")), "单位尚未审核"),
    ("A01", replace(GOOD, unit=replace(GOOD.unit, pending="unit_change")), "变更单位"),
    ("A02", replace(GOOD, rivals=(Rival("别的计划", "reviewing", True),)), "只允许申报一次"),
    ("A02", replace(GOOD, rivals=(Rival("别的计划", "approved", True),)), "别的计划"),
    ("A03", replace(GOOD, bans=(Ban("材料不实", dt.date(2025, 1, 1), dt.date(2026, 11, 24)),)), "材料不实"),
    ("A04", replace(GOOD, rivals=(Rival("别的计划", "terminated", True),)), "本年度不能再申报"),
    ("A05", replace(GOOD, plan=replace(GOOD.plan, state="closed")), "已关闭"),
    ("A05", replace(GOOD, plan=replace(GOOD.plan, opens_on=dt.date(2026, 11, 25))), "将于 2026-11-25"),
    ("A05", replace(GOOD, now=deadlines.closes_at(GOOD.plan.closes_on)), "截止"),
    ("A09", replace(GOOD, person=replace(GOOD.person, is_registered=False)), "个人注册"),
    ("A09", replace(GOOD, person=replace(GOOD.person, real_name="李鸣")), "不一致"),
    ("A09", replace(GOOD, person=replace(GOOD.person, sex="女")), "性别"),
    ("A09", replace(GOOD, person=replace(GOOD.person, id_number="340103198205120771")), "证件号码有误"),
    ("A09", replace(GOOD, person=replace(GOOD.person, birth_date=dt.date(1982, 5, 13))), "出生日期"),
    ("B01", replace(GOOD, choice=replace(GOOD.choice, route="transfer", route_name="转评申报")), "不接受“转评申报”"),
    ("B01", replace(GOOD, choice=replace(GOOD.choice, offered=False)), "没有“高中数学-高级教师”"),
    ("B01", replace(GOOD, choice=replace(GOOD.choice, level_offered=False)), "不评审“副高级”"),
    ("B01", replace(GOOD, choice=replace(GOOD.choice, standard_fits=False)), "不适用"),
    ("B02", replace(GOOD, pledge=PledgeFacts(None, None, 1)), "诚信承诺书"),
    ("B02", replace(GOOD, pledge=PledgeFacts(1, NOON, 2)), "已更新"),
    ("C01", personal(birth_place=None), "请填写“出生地”"),
    ("C01", personal(work_years="很多"), "整数"),
    ("C02", personal(profession_years=22), "不能大于工作年限"),
    ("C03", replace(GOOD, person=replace(GOOD.person, photo_id=None)), "证件照"),
    ("C04", professional(teach_years=None), "请填写“教龄”"),
    ("C04", replace(GOOD, choice=replace(GOOD.choice, level="正高级")), "资格证书"),
    ("C05", personal(work_years=30), "请核对"),
    ("C06", personal(work_start="1995-05-11"), "未满 14 周岁"),
    ("C06", personal(work_start="2026-11-25"), "不能晚于今天"),
    ("C07", professional(teach_years=22), "教龄（22）不能大于工作年限"),
    ("C07", professional(rural_teach_years=21), "农村教龄"),
    ("C07", professional(teach_start="1998-01-01"), "未满 16 周岁"),
    ("C08", personal(salary_grade="无"), "留空"),
    ("E01", items(without="work_experience"), "至少 1 条"),
    ("E01", items(item(21, page="work_experience", data={"to_present": True}),
                  item(22, page="work_experience", data={"to_present": True})), "只保留一条"),
    ("E03", items(without="education"), "至少 1 条"),
    ("E03", items(item(21, page="education"), without="education"), "合格学历"),
    ("E05", items(item(21, page="education", data={"has_degree": True})), "没有填写学位"),
    ("F01", items(without="continuing_education"), "继续教育"),
    ("F02", items(without="annual_assessment"), "年度考核"),
    ("F03", items(item(21, page="annual_assessment", data={"year": 2025})), "2025 年度的考核导入了 2 条"),
    ("G01", replace(GOOD, items=GOOD.items[:4]), "至少 1 项、最多 2 项，现有 0 项"),
    ("G01", items(item(21, need=11), item(22, need=11)), "现有 3 项"),
    ("G02", items(item(21, need=11, state="draft")), "已不是“通过”状态"),
    ("G02", items(item(21, need=11, owner_id=2)), "不属于本人"),
    ("G03", items(item(21, need=11, achievement_id=5)), "重复导入"),
    ("G03", items(item(21, need=11, data=dict(GOOD.items[4].data))), "内容完全相同"),
    ("H01", replace(GOOD, slots=(replace(GOOD.slots[0], files=()),)), "请上传身份证正反面"),
    ("H02", replace(GOOD, slots=(replace(GOOD.slots[0], files=(FILE, FILE, FILE)),)), "最多 2 个"),
    ("H02", replace(GOOD, slots=(replace(GOOD.slots[0], files=(replace(FILE, size=4 * 1024 * 1024),)),)), "超过 3 MB"),
    ("H03", replace(GOOD, slots=(replace(GOOD.slots[0], files=(replace(FILE, name="IMG_2026.jpg"),)),)), "改名"),
    ("I02", replace(GOOD, checked_version=None), "开始检测"),
    ("I02", replace(GOOD, checked_version=4), "重新"),
]


@pytest.mark.parametrize(("rule_id", "material", "words"), BAD, ids=[f"{entry[0]}-{entry[2]}" for entry in BAD])
def test_each_rule_finds_what_it_is_for_and_only_that(rule_id: str, material: Material, words: str):
    assert words in found(material, rule_id)
    assert found(GOOD, rule_id) == ""
    finding = RULES[rule_id].check(material)
    assert finding is not None
    assert finding.level == RULES[rule_id].level
    assert all(gap.message.endswith("。") and gap.page for gap in finding.gaps)
    report = examine(material)
    assert report.is_clean is (RULES[rule_id].level == WARN or rule_id == "I02")
    if RULES[rule_id].level == BLOCK and rule_id != "I02":
        assert report.percent < 100


@pytest.mark.parametrize("moment", [deadlines.opens_at(GOOD.plan.opens_on), deadlines.closes_at(GOOD.plan.closes_on)
                                    - dt.timedelta(seconds=1)])
def test_a05_holds_from_the_first_to_the_last_second(moment: dt.datetime):
    assert found(replace(GOOD, now=moment), "A05") == ""


def test_a02_drafts_of_other_plans_do_not_count():
    assert found(replace(GOOD, rivals=(Rival("别的计划", "editing", False),)), "A02") == ""


def test_a03_a_ban_that_is_over_or_still_to_come_does_not_count():
    over = Ban("x", dt.date(2020, 1, 1), dt.date(2026, 11, 23))
    coming = Ban("x", dt.date(2026, 11, 25), dt.date(2027, 1, 1))
    assert found(replace(GOOD, bans=(over, coming)), "A03") == ""


def test_a09_other_documents_are_not_judged_by_the_rules_of_resident_ids():
    officer = replace(GOOD.person, id_doc_type="02", id_number="军字第1234号")
    assert found(replace(GOOD, person=officer), "A09") == ""


def test_h01_a_slot_whose_condition_does_not_hold_is_not_asked():
    asked = Slot("exam", "笔试申请表", is_required=True, condition=Condition("specialty_field", ("化工工程",)),
                 types=("pdf",), max_mb=3, max_count=1)
    assert found(replace(GOOD, slots=(asked,)), "H01") == ""
    assert "笔试申请表" in found(
        replace(GOOD, slots=(asked,), professional={**GOOD.professional, "specialty_field": "化工工程"}), "H01")


def test_the_progress_grows_with_everything_that_is_filled_in():
    empty = replace(GOOD, personal={}, professional={}, items=(), slots=(replace(GOOD.slots[0], files=()),))
    half = replace(GOOD, items=())
    assert 0 < examine(empty).percent < examine(half).percent < 100


def test_gaps_point_at_the_place_that_mends_them():
    report = examine(replace(GOOD, items=GOOD.items[:4], slots=(replace(GOOD.slots[0], files=()),)))
    assert {(gap.page, gap.anchor) for gap in report.gaps(BLOCK)} == {
        ("section-1", "requirement-11"), ("attachments", "slot-id_card")}
    assert report.gaps_of("attachments")[0].message == "附件：请上传身份证正反面。"


@pytest.mark.parametrize(("low", "high", "words"), [
    (0, 0, "项数不限"), (1, 0, "至少 1 项"), (0, 3, "最多 3 项"), (1, 3, "至少 1 项、最多 3 项"), (2, 2, "须 2 项")])
def test_limits_are_said_in_the_words_of_the_manual(low: int, high: int, words: str):
    assert limits(Requirement(1, 1, "x", low, high, "")) == words


def test_hours_are_summed_by_course_type_and_nonsense_is_skipped():
    courses = [item(n, data={"course_type": course, "hours": n_hours}) for n, (course, n_hours) in enumerate(
        [("公需课", "30"), ("公需课", "0.5"), ("专业课", "72"), ("公需课", None)])]
    assert hours(courses) == {"专业课": "72", "公需课": "30.5"}


class Names(dict):
    def __call__(self, table: str) -> dict:
        return {}


def test_the_snapshot_is_plain_json_masks_the_id_number_and_has_a_stable_digest():
    snapshot = compose(GOOD, Names())
    assert digest(snapshot) == digest(compose(GOOD, Names()))
    assert ["证件编号", "340***********0778"] in snapshot["header"]
    assert "340103198205120778" not in str(snapshot)
    assert ["出生地", "合肥"] in snapshot["personal"]
    assert snapshot["sections"][0]["groups"][0]["items"][0]["cells"] == ["单位5"]
    assert snapshot["facts"]["employer"] == "合肥市第八中学"
