"""Review standards of the demo plans as data: sections, the kinds they take, how many; and attachment slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.plan import AttachmentSlot, ReviewStandard, StandardItem, StandardSection

# kind code, at least, at most (0: no limit), hint
Item = tuple[str, int, int, str]


@dataclass(frozen=True)
class Section:
    """A section of 申报业绩; `level`: a level code when it holds for that level only."""

    name: str
    items: tuple[Item, ...]
    level: str = ""


def _teacher_sections(papers: int, projects: int) -> tuple[Section, ...]:
    """The manual's sections for teachers. `papers`, `projects`: how many 正高级 needs; 副高级 needs one each."""
    academic = "教科研条件"
    return (
        Section("考核表彰", (
            ("commendation", 1, 5, "请选择任现职以来最有代表性的表彰奖励。"),
        )),
        Section("能力条件", (
            ("comprehensive_ability", 2, 6, "教育教学、育人管理、示范引领等方面的能力材料。"),
            ("representative_work", 1, 3, "能代表本人专业水平的教案、课例、论文等。"),
            ("academic_posts", 0, 3, ""),
            ("aid", 0, 2, "支教、交流轮岗等经历。"),
        )),
        Section("业绩条件", (
            ("work_summary", 1, 1, "任现职以来的工作总结，签字盖章。"),
            ("award", 1, 5, "教学成果、优质课、指导竞赛等获奖。"),
            ("project", 0, 5, ""),
            ("adoption", 0, 3, ""),
        )),
        Section(academic, (
            ("paper", papers, 5, "本人为第一作者或独著。"),
            ("research_project", projects, 3, "已结题的课题。"),
            ("book", 0, 3, ""),
        ), "senior"),
        Section(academic, (
            ("paper", 1, 5, "本人为第一作者或独著。"),
            ("research_project", 1, 3, ""),
            ("book", 0, 3, ""),
        ), "associate_senior"),
    )


TEACHER_STANDARDS: tuple[tuple[str, tuple[Section, ...]], ...] = (
    ("安徽省中小学教师专业技术资格条件", _teacher_sections(2, 2)),
    ("安徽省幼儿园教师专业技术资格条件", _teacher_sections(1, 1)),
    ("安徽省教研、电教、师训机构（部门）教师专业技术资格条件", _teacher_sections(3, 2)),
)

ENGINEER_SECTIONS = (
    Section("考核表彰", (("commendation", 0, 5, ""),)),
    Section("业绩条件", (
        ("project", 1, 5, "任现职以来主持或参与的主要工程项目。"),
        ("work_summary", 0, 1, ""),
        ("standard", 0, 3, ""),
        ("award", 0, 5, ""),
    )),
    Section("论文著作条件", (("paper", 1, 3, ""), ("patent", 0, 3, ""), ("book", 0, 3, ""))),
)
HEALTH_SECTIONS = (
    Section("考核表彰", (("commendation", 0, 5, ""),)),
    Section("能力条件", (("case_record", 3, 5, "请先遮盖患者信息。"), ("special_report", 1, 2, ""))),
    Section("论文条件", (("health_thesis", 1, 3, ""), ("review_article", 0, 2, ""))),
)
GENERAL_SECTIONS = (
    Section("考核表彰", (("commendation", 0, 5, ""),)),
    Section("能力条件", (("comprehensive_ability", 1, 5, ""), ("representative_work", 1, 3, ""))),
    Section("业绩条件", (("project", 0, 5, ""), ("work_summary", 1, 1, ""), ("award", 0, 5, ""))),
    Section("论文著作条件", (("paper", 1, 5, ""), ("research_project", 0, 3, ""), ("book", 0, 3, ""))),
)

_PRINCIPAL = {"field": "principal_training", "equals": True}
_WRITTEN_EXAM = {"field": "field", "in": ["化工工程", "安全工程"]}
# code, name, required, condition
Slot = tuple[str, str, bool, dict[str, Any]]
COMMON_SLOTS: tuple[Slot, ...] = (
    ("id_card", "身份证正反面", True, {}),
    ("pledge", "诚信承诺书(手写签名)", True, {}),
)
TEACHER_SLOTS: tuple[Slot, ...] = (
    *COMMON_SLOTS,
    ("teacher_certificate", "教师资格证", True, {}),
    ("principal_training", "校(园)长岗位培训证书", True, _PRINCIPAL),
)
ENGINEER_SLOTS: tuple[Slot, ...] = (
    *COMMON_SLOTS,
    ("qualification", "职（执）业资格证书", False, {}),
    ("written_exam", "笔试申请表", True, _WRITTEN_EXAM),
)


def standard_of(
    name: str, sections: tuple[Section, ...], kinds: dict[str, int], levels: dict[str, int], position: int = 1
) -> ReviewStandard:
    """A standard with its sections. `kinds`, `levels`: ids by code; sections of other levels are left out."""
    standard = ReviewStandard(name=name, position=position)
    for place, section in enumerate((s for s in sections if not s.level or s.level in levels), 1):
        standard.sections.append(StandardSection(
            name=section.name, level_id=levels.get(section.level), position=place,
            items=[
                StandardItem(kind_id=kinds[kind], minimum=low, maximum=high, hint=hint, position=number)
                for number, (kind, low, high, hint) in enumerate(section.items, 1)
            ],
        ))
    return standard


def slots_of(slots: tuple[Slot, ...]) -> list[AttachmentSlot]:
    """The attachment slots of a plan, limits as the manual has them."""
    return [
        AttachmentSlot(code=code, name=name, is_required=required, condition=condition, position=position)
        for position, (code, name, required, condition) in enumerate(slots, 1)
    ]
