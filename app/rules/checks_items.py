"""E 经历学历, F 继续教育/考核, G 申报业绩: what was imported from the portfolio."""

from __future__ import annotations

from collections import Counter

from app.rules.checks_material import Item, Material, Requirement, section_page
from app.rules.checks_registry import Gap, rule


@rule("E01", group="经历学历", title="至少一条工作经历，至多一条至今", points=1)
def check_e01(material: Material) -> list[Gap]:
    """At least one; only one may go on to the present day."""
    items = material.on_page("work_experience")
    if not items:
        return [Gap("请导入至少 1 条审核通过的工作经历。", "work_experience")]
    if sum(1 for item in items if item.data.get("to_present")) > 1:
        return [Gap("工作经历中有多条“至今”，请只保留一条，其余的请先在业绩库中补上结束日期。", "work_experience")]
    return []


@rule("E03", group="经历学历", title="至少一条学历并勾选合格学历", points=1)
def check_e03(material: Material) -> list[Gap]:
    """The manual: 必须勾选“合格学历”按钮设置符合申报条件的学历."""
    items = material.on_page("education")
    if not items:
        return [Gap("请导入至少 1 条审核通过的学历教育。", "education")]
    if not any(item.is_qualifying for item in items):
        return [Gap("请在学历教育中勾选符合申报条件的“合格学历”。", "education")]
    return []


@rule("E05", group="经历学历", title="获得学位的已填写学位")
def check_e05(material: Material) -> list[Gap]:
    """A ticked 是否获得学位 needs the degree."""
    return [
        Gap(f"“{item.summary}”勾选了获得学位但没有填写学位，请移除后在业绩库中补充再导入。", "education", anchor_of(item))
        for item in material.on_page("education")
        if item.data.get("has_degree") is True and not item.data.get("degree")
    ]


@rule("F03", group="继续教育/考核", title="同一年度的考核没有重复导入")
def check_f03(material: Material) -> list[Gap]:
    """One assessment a year."""
    years = Counter(str(item.data.get("year")) for item in material.on_page("annual_assessment"))
    return [
        Gap(f"{year} 年度的考核导入了 {count} 条，请只保留一条。", "annual_assessment")
        for year, count in sorted(years.items())
        if count > 1
    ]


@rule(
    "G01", group="申报业绩", title="各项业绩条数符合评审标准",
    points=lambda material: sum(
        1 for section in material.sections for need in section.requirements if need.minimum and need.group_id is None
    ),
)
def check_g01(material: Material) -> list[Gap]:
    """Between minimum and maximum of each item of the standard; 温馨提示 shows the same numbers."""
    gaps = []
    for section in material.sections:
        for requirement in section.requirements:
            have = len(material.under(requirement.id))
            too_few = have < requirement.minimum and requirement.group_id is None
            if too_few or (requirement.maximum and have > requirement.maximum):
                gaps.append(Gap(
                    f"{section.name}：{requirement.kind}{limits(requirement)}，现有 {have} 项。",
                    section_page(section.id), f"requirement-{requirement.id}"))
    return gaps


@rule("G02", group="申报业绩", title="导入的业绩仍为审核通过")
def check_g02(material: Material) -> list[Gap]:
    """Approved and one's own; what was taken back after the import no longer counts."""
    gaps = []
    for item in material.items:
        place = page_of(item, material)
        if item.owner_id != material.person.id:
            gaps.append(Gap(f"“{item.summary}”不属于本人，请移除。", place, anchor_of(item)))
        elif item.state != "approved":
            gaps.append(Gap(
                f"“{item.summary}”在业绩库中已不是“通过”状态，请移除，或待单位重新审核通过。", place, anchor_of(item)))
    return gaps


@rule("G03", group="申报业绩", title="没有重复导入的业绩")
def check_g03(material: Material) -> list[Gap]:
    """Never twice: neither the same achievement nor the same content recorded twice in the portfolio."""
    gaps = [
        Gap(f"“{item.summary}”重复导入，请移除一条。", page_of(item, material), anchor_of(item))
        for n, item in enumerate(material.items)
        if any(item.achievement_id == other.achievement_id for other in material.items[:n])
    ]
    seen: set[tuple[int, str]] = set()
    for item in material.items:
        if item.standard_item_id is None:
            continue
        content = (item.kind_id, repr(sorted((key, str(value)) for key, value in item.data.items())))
        if content in seen:
            gaps.append(Gap(
                f"“{item.summary}”与已导入的一条内容完全相同，请移除一条。", page_of(item, material), anchor_of(item)))
        seen.add(content)
    return gaps


def limits(requirement: Requirement) -> str:
    """最少/最多 as one phrase: the words of 温馨提示 and of the check."""
    low, high = requirement.minimum, requirement.maximum
    if low and high:
        return f"须 {low} 项" if low == high else f"至少 {low} 项、最多 {high} 项"
    if low:
        return f"至少 {low} 项"
    return f"最多 {high} 项" if high else "项数不限"


def anchor_of(item: Item) -> str:
    """The HTML id of an imported item's row."""
    return f"item-{item.id}"


def page_of(item: Item, material: Material) -> str:
    """The key of the page an item stands on."""
    if item.page:
        return item.page
    for section in material.sections:
        if any(requirement.id == item.standard_item_id for requirement in section.requirements):
            return section_page(section.id)
    return "overview"
