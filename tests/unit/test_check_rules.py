"""Every rule of 开始检测 on material that it passes and on material that it does not. The sentences cite the rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from app.rules import deadlines
from app.rules.checks import BLOCK, RULES, examine
from app.rules.checks_material import Ban, Group, Material, PledgeFacts, Requirement, Rival, Section, Slot
from app.rules.fields import parse_fields
from app.rules.retirement import retires_on
from tests.factories.material import (
    APPOINTED,
    FILE,
    GOOD,
    HELD,
    NOON,
    appointed,
    found,
    held,
    item,
    items,
    personal,
    professional,
    without,
)

# Every rule of the reference that concerns the applicant.
WANTED = (
    [f"A{n:02d}" for n in range(1, 12)] + [f"B{n:02d}" for n in range(1, 7)] + [f"C{n:02d}" for n in range(1, 10)]
    + [f"D{n:02d}" for n in range(1, 7)] + [f"E{n:02d}" for n in range(1, 7)] + [f"F{n:02d}" for n in range(1, 4)]
    + [f"G{n:02d}" for n in range(1, 7)] + [f"H{n:02d}" for n in range(1, 9)] + ["I01", "I02"]
)
HALVES = {"C06w", "D01f", "D03w"}  # the warning half of a rule that blocks; evidence, which no route waives
BESIDES = {"B07"}  # of 转评申报表, which the list of the reference leaves out
FORM = parse_fields([
    {"key": "basis", "label": "依据", "type": "text", "required": True},
    {"key": "clause", "label": "条款", "type": "ref", "ref": "standard_item"},
])


def exceptional(values: dict[str, Any]) -> Material:
    return replace(
        GOOD, choice=replace(GOOD.choice, route="exceptional", route_name="破格申报"), route_fields=FORM, route_values=values,
        plan=replace(GOOD.plan, routes=("regular", "exceptional", "transfer")))


def transferred(moved_on: str, years: int = 1) -> Material:
    """A 转评 of somebody who came to the new post on that day, in a plan that asks for so many years."""
    return replace(
        exceptional({"moved_on": moved_on}), choice=replace(GOOD.choice, route="transfer", route_name="转评申报"),
        held_titles=(replace(HELD, rank=4),),
        settings={**GOOD.settings, "B07": replace(GOOD.settings["B07"], parameters={"years": years})})


def asking(rule_id: str, **parameters: int) -> Material:
    """In a plan with other numbers for a rule."""
    setting = GOOD.settings[rule_id]
    return replace(GOOD, settings={
        **GOOD.settings, rule_id: replace(setting, parameters={**setting.parameters, **parameters})})


def education(**values: Any) -> Material:
    return replace(GOOD, items=tuple(
        replace(i, data={**i.data, **values}) if i.page == "education" else i for i in GOOD.items))


def grouped(minimum: int) -> Material:
    needs = (Requirement(11, 1, "综合业绩能力", 1, 2, "", 5), Requirement(12, 2, "论文", 1, 0, "", 5))
    return replace(GOOD, sections=(Section(1, "能力条件", needs, (Group(5, "任选", minimum),)),))


def slot(code: str) -> Slot:
    return Slot(code, "专门的附件", is_required=False, condition=None, types=("pdf",), max_mb=3, max_count=1)


def files(**values: Any) -> Material:
    return replace(GOOD, slots=(replace(GOOD.slots[0], files=(replace(FILE, **values),)),))


def test_every_rule_of_the_reference_is_registered_and_tried_both_ways():
    assert len(WANTED) == 57
    assert set(RULES) == {*WANTED, *HALVES, *BESIDES}
    assert {rule_id for rule_id, _material, _words in BAD} == set(RULES)
    assert all(entry.check.__doc__ and entry.source and entry.title for entry in RULES.values())
    assert {rule_id: words for rule_id in RULES if (words := found(GOOD, rule_id))} == {}


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
    ("D01", replace(GOOD, held_titles=()), "请录入现有职称"),
    ("D01f", held(files=()), "上传证明材料"),
    ("D02", appointed(), "填写现有职称“一级教师”的评聘情况"),
    ("D03", held(issued_on=dt.date(2012, 1, 1)), "早于评审日期"),
    ("D03", appointed(replace(APPOINTED, ends_on=dt.date(2014, 1, 1))), "只填写一项"),
    ("D03", appointed(replace(APPOINTED, to_present=False)), "只填写一项"),
    ("D03", appointed(replace(APPOINTED, to_present=False, ends_on=dt.date(2012, 12, 31))), "早于开始日期"),
    ("D03w", appointed(replace(APPOINTED, starts_on=dt.date(2012, 1, 1))), "早于“一级教师”的评审日期"),
    ("D03w", appointed(APPOINTED, replace(APPOINTED, name="年级主任")), "时间重叠"),
    ("D05", replace(GOOD, held_titles=(replace(HELD, title="二级教师", rank=2), HELD)), "不是最高的“一级教师”"),
    ("D06", held(from_elsewhere=True), "外省取得"),
    ("E01", items(without="work_experience"), "至少 1 条"),
    ("E01", items(item(21, page="work_experience", data={"to_present": True}),
                  item(22, page="work_experience", data={"to_present": True})), "只保留一条"),
    ("E03", items(without="education"), "至少 1 条"),
    ("E03", items(item(21, page="education"), without="education"), "合格学历"),
    ("E05", items(item(21, page="education", data={"has_degree": True})), "没有填写学位"),
    ("F01", items(without="continuing_education"), "2021 年继续教育须满 90 学时"),
    ("F01", without(1000 + 2 * 2024), "公需课 0"),
    ("F01", without(1001 + 2 * 2024), "专业课 0"),
    ("F02", items(without="annual_assessment"), "缺少 2021 年的年度考核"),
    ("F02", without(9000 + 2023), "缺少 2023 年"),
    ("F02", replace(GOOD, items=tuple(
        replace(i, data={"year": 2023, "result": "不合格"}) if i.id == 9000 + 2023 else i for i in GOOD.items)), "不计入"),
    ("F03", items(item(21, page="annual_assessment", data={"year": 2025})), "2025 年度的考核导入了 2 条"),
    ("G01", replace(GOOD, items=GOOD.items[:-1]), "至少 1 项、最多 2 项，现有 0 项"),
    ("G01", items(item(21, need=11), item(22, need=11)), "现有 3 项"),
    ("G02", items(item(21, need=11, state="draft")), "已不是“通过”状态"),
    ("G02", items(item(21, need=11, owner_id=2)), "不属于本人"),
    ("G03", items(item(21, need=11, achievement_id=5)), "重复导入"),
    ("G03", items(item(21, need=11, data=dict(GOOD.items[-1].data))), "内容完全相同"),
    ("H01", replace(GOOD, slots=(replace(GOOD.slots[0], files=()),)), "请上传身份证正反面"),
    ("H02", replace(GOOD, slots=(replace(GOOD.slots[0], files=(FILE, FILE, FILE)),)), "最多 2 个"),
    ("H02", replace(GOOD, slots=(replace(GOOD.slots[0], files=(replace(FILE, size=4 * 1024 * 1024),)),)), "超过 3 MB"),
    ("H03", replace(GOOD, slots=(replace(GOOD.slots[0], files=(replace(FILE, name="IMG_2026.jpg"),)),)), "改名"),
    ("I02", replace(GOOD, checked_version=None), "开始检测"),
    ("I02", replace(GOOD, checked_version=4), "重新"),
    ("A06", replace(GOOD, person=replace(GOOD.person, birth_date=dt.date(1963, 1, 1))), "达到法定退休年龄"),
    ("A06", replace(GOOD, person=replace(GOOD.person, sex="女", birth_date=dt.date(1970, 1, 1))), "2025-02-01"),
    ("A07", replace(GOOD, unit=replace(GOOD.unit, nature="机关（含参公单位）", bars_applying=True)), "公务员"),
    ("A08", replace(GOOD, bans=(Ban("记过", dt.date(2026, 1, 1), dt.date(2027, 1, 1), "discipline"),)), "处分影响期"),
    ("A10", replace(GOOD, plan=replace(GOOD.plan, committee_until=dt.date(2026, 11, 23))), "备案不在有效期"),
    ("A10", replace(GOOD, plan=replace(GOOD.plan, committee_from=dt.date(2026, 11, 25))), "备案不在有效期"),
    ("A11", replace(GOOD, plan=replace(GOOD.plan, region_path=("340300", "340000"))), "不在本计划的受理区域"),
    ("B03", exceptional({}), "请填写“依据”"),
    ("B03", exceptional({"basis": "获奖", "clause": 99}), "不属于所选的评审标准"),
    ("B04", replace(exceptional({"basis": "转岗", "clause": 11}),
                    choice=replace(GOOD.choice, route="transfer", route_name="转评申报")), "同级转评"),
    ("B04", replace(exceptional({}), choice=replace(GOOD.choice, route="transfer"), held_titles=(replace(HELD, rank=4),)),
     "请填写“依据”"),
    ("B05", held(rank=2, level="助理级"), "不能常规申报“副高级”"),
    ("B05", held(rank=4, level="副高级"), "不能常规申报"),
    ("B05", replace(GOOD, held_titles=()), "须先有低一级的职称"),
    ("B06", held(rank=5, level="正高级", title="正高级教师"), "请核对是否需要再次申报"),
    ("B07", transferred("2026-01-01"), "须满 1 年方可转评，自 2026-01-01 计算到 2026-12-31 为 0 年"),
    ("B07", transferred("2025-01-01", years=2), "须满 2 年方可转评"),
    ("C06w", personal(work_start="1997-05-13"), "未满 16 周岁"),
    ("C09", replace(GOOD, person=replace(GOOD.person, mobile="123")), "手机号码"),
    ("C09", replace(GOOD, person=replace(GOOD.person, email="没有")), "电子邮箱"),
    ("D04", appointed(replace(APPOINTED, starts_on=dt.date(2022, 1, 2))), "须满 5 年，自 2022-01-02 计算到 2026-12-31 为 4 年"),
    ("D04", replace(held(reviewed_on=dt.date(2023, 1, 1), issued_on=dt.date(2023, 1, 1)),
                    unit=replace(GOOD.unit, is_institution=False)), "自 2023-01-01"),
    ("E02", items(item(21, page="work_experience", data={"start_date": "2004-01-01", "end_date": "2004-06-30"})), "空档超过 6 个月"),
    ("E02", items(item(21, page="work_experience", data={"start_date": "2010-01-01", "end_date": "2011-01-01"})), "时间重叠"),
    ("E02", personal(work_start="2004-08-01", work_years=22), "与工作时间 2004-08-01 不一致"),
    ("E04", education(education_level="31"), "须为大学本科以上"),
    ("E04", asking("E04", associate_senior=80), "合格学历须为硕士研究生以上"),
    ("E06", education(end_date="1997-05-11", start_date="1993-09-01"), "未满 15 周岁"),
    ("E06", education(schooling_years="2"), "与学制 2 年不符"),
    ("G04", items(item(21, need=11, data={"award_date": "2012-12-31"})), "之前取得"),
    ("G04", items(item(21, need=11, data={"award_date": "2027-01-01"})), "晚于申报截止日"),
    ("G05", grouped(2), "“任选”须满足 2 条，现满足 1 条：综合业绩能力已满足；论文未满足"),
    ("G06", items(item(21, need=11, data={"issn": "0317-8472"})), "ISSN“0317-8472”不对"),
    ("G06", items(item(21, need=11, data={"isbn": "978-7-111-00000-1"})), "ISBN"),
    ("G06", items(item(21, need=11, data={"doi": "11.1/x"})), "DOI"),
    ("G06", items(item(21, need=11, data={"ip_type": "发明专利", "ip_no": "ZL202010123456.1"})), "专利号"),
    ("G06", replace(GOOD, items=(*GOOD.items[:-1], item(21, need=11, data={"title": "同一 题目"}),
                                 item(22, need=11, data={"title": "同一题目"}))), "题目相同"),
    ("H04", replace(GOOD, choice=replace(GOOD.choice, specialty="化工工程"), slots=(*GOOD.slots, slot("written_exam"))), "须参加笔试"),
    ("H04", replace(professional(field="安全工程"), slots=(*GOOD.slots, slot("written_exam"))), "须参加笔试"),
    ("H05", replace(professional(principal_training=True), slots=(*GOOD.slots, slot("principal_training"))), "请上传"),
    ("H06", files(long_edge=799, sharpness=900), "长边 799 像素"),
    ("H06", files(long_edge=2000, sharpness=20), "可能模糊"),
    ("H07", files(sha256="b" * 64), "同时用在“身份证正反面”“一级教师”"),
    ("H07", files(name="机密文件.pdf"), "可能涉密"),
    ("H07", files(name="患者病历.pdf"), "患者信息"),
    ("H08", files(size=0), "没有上传完整"),
    ("I01", replace(GOOD, unsaved=("titles",)), "“现有职称”有填写后没有保存的内容"),
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
    assert rule_id in {judged.rule for judged in report.findings}
    if RULES[rule_id].level == BLOCK and rule_id != "I02":
        assert not report.is_clean
        assert report.percent < 100


@pytest.mark.parametrize(("rule_id", "material"), [
    ("A06", replace(GOOD, person=replace(GOOD.person, birth_date=dt.date(1963, 1, 1)),
                    slots=(*GOOD.slots, replace(slot("retirement_extension"), files=(FILE,))))),
    ("A08", replace(GOOD, bans=(Ban("记过", dt.date(2024, 1, 1), dt.date(2026, 11, 23), "discipline"),))),
    ("A03", replace(GOOD, bans=(Ban("记过", dt.date(2026, 1, 1), dt.date(2027, 1, 1), "discipline"),))),
    ("A11", replace(GOOD, plan=replace(GOOD.plan, region_path=("340100", "340000")))),
    ("B03", exceptional({"basis": "获奖", "clause": 11})),
    ("B04", replace(exceptional({"basis": "转岗"}), choice=replace(GOOD.choice, route="transfer"),
                    held_titles=(replace(HELD, rank=4),))),
    ("B05", replace(GOOD, held_titles=(), choice=replace(GOOD.choice, rank=2))),
    ("B05", replace(education(education_level="11"), held_titles=(), choice=replace(GOOD.choice, rank=3))),
    ("D01", replace(education(education_level="11"), held_titles=(), choice=replace(GOOD.choice, rank=3))),
    ("D01", replace(GOOD, held_titles=(), choice=replace(GOOD.choice, rank=2))),
    ("D02", replace(appointed(), unit=replace(GOOD.unit, is_institution=False))),
    ("D04", replace(education(education_level="11"), held_titles=(
        replace(HELD, appointments=(replace(APPOINTED, starts_on=dt.date(2024, 12, 31)),)),))),
    ("D06", held(from_elsewhere=True, acquisition_code="05")),
    ("B07", transferred("2025-12-31")),
    ("B07", transferred("2026-06-01", years=0)),
    ("B07", replace(transferred("2026-06-01"), choice=replace(GOOD.choice, route="exceptional"))),
    ("E04", replace(education(education_level="31"), settings=asking("E04", associate_senior=50).settings)),
    ("E04", asking("E04", senior=90)),
    ("F01", replace(GOOD, items=tuple(i for i in GOOD.items if i.data.get("year") not in (2021, 2022, 2023)), held_titles=(
        replace(HELD, appointments=(replace(APPOINTED, starts_on=dt.date(2023, 3, 1)),)),))),
    ("G05", grouped(1)),
    ("G06", items(item(21, need=11, data={"issn": "0317-8471", "ip_type": "发明专利", "ip_no": "ZL202010123456.2"}))),
    ("H04", replace(GOOD, choice=replace(GOOD.choice, specialty="化工工程"))),
    ("H06", files(long_edge=800, sharpness=300)),
])
def test_a_rule_lets_pass_what_it_has_to(rule_id: str, material: Material):
    assert found(material, rule_id) == ""


def judged(material: Material) -> set[str]:
    return {judgement.rule.id for judgement in examine(material).judgements}


@pytest.mark.parametrize(("rule_id", "material"), [
    ("B05", held(rank=2)), ("D01", replace(GOOD, held_titles=())), ("E04", education(education_level="31")),
    ("D04", appointed(replace(APPOINTED, starts_on=dt.date(2025, 1, 1)))),
])
def test_what_the_route_waives_is_not_asked_for(rule_id: str, material: Material):
    assert found(material, rule_id)
    assert not examine(material).is_clean
    waived = replace(material, waived=frozenset({rule_id}))
    assert rule_id not in judged(waived)
    assert rule_id not in {finding.rule for finding in examine(waived).findings}
    assert judged(waived) == judged(GOOD) - {rule_id}


def test_the_evidence_of_a_title_is_asked_for_on_every_route():
    assert "上传证明材料" in found(replace(held(files=()), waived=frozenset({"B05", "D01", "D04"})), "D01f")


def test_a_form_of_any_route_is_to_be_complete():
    green = replace(exceptional({}), choice=replace(GOOD.choice, route="green", route_name="绿色通道"))
    assert "请填写“依据”" in found(green, "B03")
    assert found(replace(green, route_fields=()), "B03") == ""


def test_the_plan_says_which_numbers_count():
    lower = replace(GOOD, settings={**GOOD.settings, "F01": replace(
        GOOD.settings["F01"], parameters={"years": 1, "hours": 102, "professional": 72, "public": 30})})
    assert found(lower, "F01") == ""
    higher = replace(lower, settings={**lower.settings, "F01": replace(
        lower.settings["F01"], parameters={**lower.settings["F01"].parameters, "hours": 103})})
    assert "2025 年继续教育须满 103 学时" in found(higher, "F01")
    off = replace(items(without="continuing_education"), settings={
        **GOOD.settings, "F01": replace(GOOD.settings["F01"], level="off")})
    assert "F01" not in {finding.rule for finding in examine(off).findings}


@pytest.mark.parametrize(("sex", "born", "day"), [
    ("男", dt.date(1964, 12, 31), dt.date(2024, 12, 31)), ("男", dt.date(1965, 1, 15), dt.date(2025, 2, 15)),
    ("男", dt.date(1965, 5, 1), dt.date(2025, 7, 1)), ("男", dt.date(1976, 8, 1), dt.date(2039, 7, 1)),
    ("男", dt.date(1976, 9, 30), dt.date(2039, 9, 30)), ("男", dt.date(1990, 2, 28), dt.date(2053, 2, 28)),
    ("女", dt.date(1969, 12, 1), dt.date(2024, 12, 1)), ("女", dt.date(1970, 1, 31), dt.date(2025, 2, 28)),
    ("女", dt.date(1985, 6, 1), dt.date(2043, 6, 1)),
])
def test_retirement_is_delayed_as_the_law_says(sex: str, born: dt.date, day: dt.date):
    assert retires_on(sex, born) == day
