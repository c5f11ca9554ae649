"""A and B, continued: retirement, kind of unit, discipline, committee and region; the ladder of titles."""

from __future__ import annotations

from app.rules import deadlines
from app.rules.checks_material import Material
from app.rules.checks_registry import WARN, Gap, rule
from app.rules.checks_titles import PAGE, PLACE, highest, is_initial
from app.rules.retirement import retires_on

EXTENSION_SLOT = "retirement_extension"  # code of the attachment slot for 延迟退休批件
JUNIOR = 2  # rank of 助理级: 初级 needs no title before it


@rule("A06", group="资格", title="未达到法定退休年龄", source="law")
def check_a06(material: Material) -> list[Gap]:
    """令 40 第 13 条: who has retired does not apply; an approval of later retirement may be uploaded."""
    born, today = material.person.birth_date, deadlines.today(material.now)
    if born is None or today < retires_on(material.person.sex, born):
        return []
    if any(slot.code == EXTENSION_SLOT and slot.files for slot in material.slots):
        return []
    return [Gap(f"您于 {retires_on(material.person.sex, born)} 达到法定退休年龄，不能申报。已批准延迟退休的，请上传批件。", "submit")]


@rule("A07", group="资格", title="所在单位不是机关（含参公单位）", source="law")
def check_a07(material: Material) -> list[Gap]:
    """Civil servants do not apply for titles; which kinds of units bar it is said by the dictionary 单位性质."""
    if not material.unit.bars_applying:
        return []
    return [Gap(f"您所在单位的性质为“{material.unit.nature}”，公务员和参照公务员法管理的人员不能申报职称。", "submit")]


@rule("A08", group="资格", title="不在处分影响期内", source="law")
def check_a08(material: Material) -> list[Gap]:
    """令 40 第 13 条: nobody applies while a punishment of 记过 or more has effect; the pledge says so too (B02)."""
    today = deadlines.today(material.now)
    return [
        Gap(f"您在处分影响期内（{ban.reason}），{ban.since:%Y-%m-%d} 至 {ban.until:%Y-%m-%d} 不能申报。如有异议，可在“个人中心—诚信档案”申请复查。", "submit")
        for ban in material.bans if ban.kind == "discipline" and ban.since <= today <= ban.until
    ]


@rule("A10", group="资格", title="评委会备案在有效期内", level=WARN, source="law")
def check_a10(material: Material) -> list[Gap]:
    """令 40 第 8 条: a committee's filing holds for three years at most."""
    plan, today = material.plan, deadlines.today(material.now)
    if (plan.committee_from is None or plan.committee_from <= today) and (
        plan.committee_until is None or today <= plan.committee_until
    ):
        return []
    return [Gap(f"“{plan.committee}”的备案不在有效期内，请向组建单位“{plan.convener}”核实。", "submit")]


@rule("A11", group="资格", title="申报单位属地在计划的受理区域内", level=WARN, source="product")
def check_a11(material: Material) -> list[Gap]:
    """The plan's region or one below it."""
    plan, unit = material.plan, material.unit
    if not plan.region_path or not unit.region_path or plan.region_path[0] in unit.region_path:
        return []
    return [Gap(f"您所在单位“{unit.name}”不在本计划的受理区域内，请向评委会咨询是否可以申报。", "submit")]


@rule("B05", group="申报选择", title="常规申报逐级申报", source="law")
def check_b05(material: Material) -> list[Gap]:
    """令 40 第 14 条: one level at a time; 初级 needs no title before it, 初定 none for 中级. Other routes waive it."""
    choice, held = material.choice, highest(material)
    if choice.rank == 0:
        return []
    if held is None:
        if choice.rank <= JUNIOR or is_initial(material):
            return []
        return [Gap(f"常规申报须逐级申报：申报“{choice.level}”须先有低一级的职称，请录入现有职称。", PAGE, PLACE)]
    if held.rank == choice.rank - 1:
        return []
    return [Gap(
        f"常规申报须逐级申报：现有最高职称为“{held.title}（{held.level}）”，不能常规申报“{choice.level}”。", "choice", "route")]


@rule("B06", group="申报选择", title="没有同系列同级或更高的职称", level=WARN, source="product")
def check_b06(material: Material) -> list[Gap]:
    """Points out a title of the same series that is as high already."""
    choice = material.choice
    return [
        Gap(f"您已有“{held.series}”的“{held.title}（{held.level}）”，请核对是否需要再次申报“{choice.level}”。", "choice", "route")
        for held in material.held_titles if held.series == choice.series and held.rank >= choice.rank
    ][:1]
