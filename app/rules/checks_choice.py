"""B 申报选择: what was chosen is offered by the plan, and the pledge was accepted."""

from __future__ import annotations

import datetime as dt

from app.rules import identity
from app.rules.checks_material import Material
from app.rules.checks_personal import day, wanted, wrong
from app.rules.checks_registry import Gap, rule


@rule("B01", group="申报选择", title="申报形式、专业、职称、标准在计划范围内", points=1)
def check_b01(material: Material) -> list[Gap]:
    """The plan may have changed since the choice was made."""
    choice = material.choice
    gaps = []
    if choice.route not in material.plan.routes:
        gaps.append(Gap(f"本计划不接受“{choice.route_name}”，请点“修改”重新选择申报形式。", "choice", "route"))
    if not choice.offered:
        gaps.append(Gap(
            f"本计划的可评审专业中没有“{choice.specialty}-{choice.title}”，请点“修改”重新选择。", "choice", "offering"))
    if not choice.level_offered:
        gaps.append(Gap(f"本计划不评审“{choice.level}”，请点“修改”重新选择申报职称。", "choice", "offering"))
    if not choice.standard_fits:
        gaps.append(Gap(
            f"评审标准“{choice.standard}”不适用于“{choice.title}”，请点“修改”重新选择评审标准。", "choice", "standard"))
    return gaps


@rule("B02", group="申报选择", title="已同意现行的诚信承诺书", points=1)
def check_b02(material: Material) -> list[Gap]:
    """Accepted, and in the version in force."""
    pledge = material.pledge
    if pledge.accepted_id is None:
        return [Gap("请阅读并同意“诚信承诺书”。", "pledge")]
    if pledge.accepted_id != pledge.current_id:
        return [Gap("诚信承诺书已更新，请重新阅读并同意。", "pledge")]
    return []


FORM = "form"  # the page of 破格审批表 and 转评申报表


def _form_gaps(material: Material) -> list[Gap]:
    """What the form of the route still lacks; a clause has to be one of the chosen standard."""
    gaps = wrong(material.route_fields, material.route_values, material, FORM)
    items = {need.id for section in material.sections for need in section.requirements}
    for field in material.route_fields:
        value = material.route_values.get(field.key)
        if field.type == "ref" and value is not None and value not in items:
            gaps.append(Gap(f"“{field.label}”不属于所选的评审标准，请重新选择。", FORM, field.key))
    return gaps


def _is_transfer(material: Material) -> bool:
    return material.choice.route == "transfer"


def _has_form_besides(material: Material) -> bool:
    return bool(material.route_fields) and not _is_transfer(material)


def _points(material: Material) -> int:
    return wanted(material.route_fields, material.route_values, material)


@rule("B03", group="申报选择", title="所选申报形式的表格（如破格审批表）填写完整", points=_points, about=_has_form_besides)
def check_b03(material: Material) -> list[Gap]:
    """破格申报: the required fields and the clause it relies on; so for every route whose form has fields, B04 apart."""
    return _form_gaps(material)


@rule("B04", group="申报选择", title="转评申报表填写完整，同级转评", points=_points, about=_is_transfer)
def check_b04(material: Material) -> list[Gap]:
    """转评申报: the form, and a held title of the level applied for in another series."""
    gaps = _form_gaps(material)
    if material.held_titles and not any(held.rank == material.choice.rank for held in material.held_titles):
        gaps.append(Gap(
            f"转评须为同级转评：申报级别为“{material.choice.level}”，现有职称中没有这一级别。", "basic", "#held-titles"))
    return gaps


MOVED_ON = "moved_on"  # key of 岗位变动时间 in 转评申报表


@rule("B07", group="申报选择", title="转入新岗位满规定年限", source="law", about=_is_transfer)
def check_b07(material: Material) -> list[Gap]:
    """转评: whoever has just come to the new post is not judged by it yet; whole years up to the end of the plan year."""
    moved = day(material.route_values.get(MOVED_ON))
    if moved is None:
        return []
    wanted_years, until = material.parameter("B07", "years"), dt.date(material.plan.year, 12, 31)
    years = identity.age_on(moved, until)
    if years >= wanted_years:
        return []
    return [Gap(
        f"转入新岗位须满 {wanted_years} 年方可转评，自 {moved} 计算到 {until} 为 {max(years, 0)} 年。", FORM, MOVED_ON)]
