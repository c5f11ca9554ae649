"""B 申报选择: what was chosen is offered by the plan, and the pledge was accepted."""

from __future__ import annotations

from app.rules.checks_material import Material
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
