"""What 开始检测 looks at: one application as plain data. Built by app.queries.application, judged by app.rules.checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.rules.check_settings import USUAL, Setting
from app.rules.fields import Condition, Field


@dataclass(frozen=True)
class FileRef:
    """An attached file. `attachment_id` addresses its download."""

    attachment_id: int
    file_id: int
    name: str
    media_type: str
    size: int
    sha256: str
    long_edge: int | None = None  # of a picture, in pixels
    sharpness: int | None = None  # of a picture (app.rules.picture_clarity)


@dataclass(frozen=True)
class PersonFacts:
    """The applicant. `real_name` is the account's, as the sign-on verified it; `id_number` is complete."""

    id: int
    name: str
    real_name: str
    sex: str
    birth_date: dt.date | None
    id_doc_type: str
    id_doc_type_name: str
    id_number: str
    mobile: str
    photo_id: int | None
    is_registered: bool
    is_freelancer: bool
    email: str = ""


@dataclass(frozen=True)
class UnitFacts:
    """The unit the person is bound to now (`id` None: to none); `pending`: the kind of a request that still waits."""

    id: int | None
    name: str
    nature_code: str
    nature: str
    region_path: tuple[str, ...]
    pending: str
    is_institution: bool = False  # 事业单位: its posts are limited
    is_central: bool = False
    bars_applying: bool = False  # 机关: its people do not apply for titles


@dataclass(frozen=True)
class PlanFacts:
    """The plan, with the names shown on the pages."""

    id: int
    name: str
    year: int
    state: str
    opens_on: dt.date
    closes_on: dt.date
    routes: tuple[str, ...]
    needs_interview: bool
    committee: str
    convener_id: int
    convener: str
    contact: str
    phone: str
    region_path: tuple[str, ...] = ()
    allows_exemption: bool = False
    exemption_note: str = ""
    plan_type: str = "regular"
    committee_level: str = ""  # of the committee's region: province, city, county
    committee_from: dt.date | None = None  # 评委会备案有效期
    committee_until: dt.date | None = None


@dataclass(frozen=True)
class Choice:
    """What is applied for. The three flags: whether the plan (still) offers it."""

    route: str
    route_name: str
    series_id: int
    series: str
    specialty_id: int
    specialty: str
    title_id: int
    title: str
    level_id: int
    level: str
    standard_id: int
    standard: str
    offered: bool
    level_offered: bool
    standard_fits: bool
    rank: int = 0  # of the level, 5 is highest


@dataclass(frozen=True)
class PledgeFacts:
    """The accepted text and the one in force."""

    accepted_id: int | None
    accepted_at: dt.datetime | None
    current_id: int | None
    number: int | None = None
    sha256: str = ""  # of the accepted text


@dataclass(frozen=True)
class Rival:
    """Another application of the same person in the same plan year."""

    plan: str
    state: str
    is_submitted: bool


@dataclass(frozen=True)
class Ban:
    """A record of 诚信档案 that forbids applying up to and including `until`."""

    reason: str
    since: dt.date
    until: dt.date
    kind: str = "integrity"  # or discipline


@dataclass(frozen=True)
class Requirement:
    """An item of a section: how many achievements of a kind it takes (`maximum` 0: no limit)."""

    id: int
    kind_id: int
    kind: str
    minimum: int
    maximum: int
    hint: str
    group_id: int | None = None


@dataclass(frozen=True)
class Group:
    """任选条件 (n of m): of the section's requirements with this `group_id`, at least `minimum` must be met.

    A requirement in a group is met from max(1, its minimum) items on, and is not asked for alone.
    """

    id: int
    name: str
    minimum: int


@dataclass(frozen=True)
class Section:
    """A category of 申报业绩 of the chosen standard that applies to the title's level."""

    id: int
    name: str
    requirements: tuple[Requirement, ...]
    groups: tuple[Group, ...] = ()

    def members(self, group: Group) -> tuple[Requirement, ...]:
        """The requirements of a group."""
        return tuple(need for need in self.requirements if need.group_id == group.id)


@dataclass(frozen=True)
class Item:
    """An imported achievement. `data` is what was frozen at import; `state` and `owner_id` are the present ones."""

    id: int
    achievement_id: int
    page: str
    standard_item_id: int | None
    position: int
    is_qualifying: bool
    data: Mapping[str, Any]
    summary: str
    kind_id: int
    kind: str
    fields: tuple[Field, ...]
    list_columns: tuple[str, ...]
    state: str
    owner_id: int
    files: tuple[FileRef, ...] = ()
    kind_code: str = ""


@dataclass(frozen=True)
class AppointmentFacts:
    """A line of 现有职称评聘情况; `ends_on` None: 至今."""

    name: str
    employer: str
    starts_on: dt.date
    ends_on: dt.date | None
    to_present: bool


@dataclass(frozen=True)
class HeldTitleFacts:
    """A line of 现有职称情况 with its appointments and evidence. `rank`: of its level, 5 is highest."""

    id: int
    version: int
    acquisition_code: str
    acquisition: str
    certificate_number: str
    employer: str
    series: str
    specialty: str
    title: str
    level_id: int
    level: str
    rank: int
    committee: str
    reviewed_on: dt.date
    issuer: str
    issued_on: dt.date
    from_elsewhere: bool
    appointments: tuple[AppointmentFacts, ...] = ()
    files: tuple[FileRef, ...] = ()


@dataclass(frozen=True)
class Slot:
    """An attachment slot of the plan with what is in it."""

    code: str
    name: str
    is_required: bool
    condition: Condition | None
    types: tuple[str, ...]
    max_mb: int
    max_count: int
    files: tuple[FileRef, ...] = ()
    hint: str = ""
    templates: tuple[FileRef, ...] = ()  # 模板 to download


@dataclass(frozen=True)
class Material:
    """Everything the rules may ask about. `now` is aware; `checked_version` is that of the last passed check."""

    application_id: int
    version: int
    checked_version: int | None
    state: str
    created_at: dt.datetime
    submitted_at: dt.datetime | None
    now: dt.datetime
    person: PersonFacts
    unit: UnitFacts
    plan: PlanFacts
    choice: Choice
    pledge: PledgeFacts
    rivals: tuple[Rival, ...] = ()
    bans: tuple[Ban, ...] = ()
    personal_fields: tuple[Field, ...] = ()
    professional_fields: tuple[Field, ...] = ()
    personal: Mapping[str, Any] = field(default_factory=dict)
    professional: Mapping[str, Any] = field(default_factory=dict)
    route_form: str = ""  # the name of the form of the route, empty when it has none
    route_note: str = ""
    route_fields: tuple[Field, ...] = ()
    route_values: Mapping[str, Any] = field(default_factory=dict)
    waived: frozenset[str] = frozenset()  # rules that do not apply to the chosen 申报形式 (RouteForm.waives)
    sections: tuple[Section, ...] = ()
    held_titles: tuple[HeldTitleFacts, ...] = ()
    items: tuple[Item, ...] = ()
    slots: tuple[Slot, ...] = ()
    education_ranks: Mapping[str, int] = field(default_factory=dict)  # of the dictionary 学历, higher is more
    exemption_reason: str = ""  # 免面试, as asked for
    exemption_state: str = "none"  # a key of models.application.EXEMPTION_STATES
    has_cases: bool = False  # whether it was ever submitted, withdrawn submissions included
    unsaved: tuple[str, ...] = ()  # pages with text that only the browser has (app.rules.checks_summary)
    settings: Mapping[str, Setting] = field(default_factory=lambda: USUAL)

    def parameter(self, rule: str, key: str) -> int:
        """A number of a configurable rule, as the plan sets it (app.rules.check_settings)."""
        return self.settings[rule].parameters[key]

    @property
    def context(self) -> dict[str, object]:
        """What conditions of fields on dotted keys are answered with."""
        choice = self.choice
        return {
            "application.route": choice.route, "application.series": choice.series,
            "application.specialty": choice.specialty, "application.title": choice.title,
            "application.level": choice.level, "unit.nature": self.unit.nature_code, "person.sex": self.person.sex,
        }

    def on_page(self, page: str) -> tuple[Item, ...]:
        """The items of an import page (a key of IMPORT_PAGES), in their order."""
        return tuple(item for item in self.items if item.page == page)

    def under(self, requirement_id: int) -> tuple[Item, ...]:
        """The items imported under an item of the standard, in their order."""
        return tuple(item for item in self.items if item.standard_item_id == requirement_id)

    def section(self, section_id: int) -> Section | None:
        """The section of that id, when it belongs to this application."""
        return next((section for section in self.sections if section.id == section_id), None)


def section_page(section_id: int) -> str:
    """The key of a section's page in findings and addresses."""
    return f"section-{section_id}"


def slot_applies(slot: Slot, material: Material) -> bool:
    """Whether a slot is asked of this applicant: a condition on a field of 基本信息 or a dotted key of the context."""
    if slot.condition is None:
        return True
    return slot.condition.holds({**material.context, **material.personal, **material.professional})
