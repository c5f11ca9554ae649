"""评审计划: committees, plans, what they offer, standards, attachment slots and settings of the checks.

What an applicant is asked for hangs on a plan and an `edition`. The edition in force never changes after publication:
a revision is a deep copy with the next number, and applications keep the edition they began with (docs/adr/0005).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.achievement import AchievementKind
from models.base import Base, Code, Json, Key, Timestamps, UtcDateTime, Versioned, one_of
from models.organization import Organization
from models.region import Region
from models.series import Specialty, Title, TitleLevel, TitleSeries

PLAN_STATES = {"draft": "草稿", "published": "已发布", "closed": "已关闭"}
ROUTES = {"regular": "常规申报", "exceptional": "破格申报", "transfer": "转评申报", "green": "绿色通道"}
CHECK_LEVELS = {"block": "不符合时不能提交", "warn": "只提示", "off": "不检查"}
PLAN_TYPES = {"regular": "常规评审", "green": "绿色通道", "autonomous": "自主评审"}


class Committee(Base):
    """评委会, set up by its 组建单位 (`convener`); certificates name it."""

    __tablename__ = "committee"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    convener_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"), index=True)
    issuer_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))  # 发证机关
    region_code: Mapped[str] = mapped_column(String(6), ForeignKey("region.code"))
    valid_from: Mapped[dt.date | None]  # 备案有效期
    valid_until: Mapped[dt.date | None]

    convener: Mapped[Organization] = relationship(foreign_keys=[convener_id])
    issuer: Mapped[Organization] = relationship(foreign_keys=[issuer_id])
    region: Mapped[Region] = relationship()

    def __str__(self) -> str:
        return self.name


class ReviewPlan(Timestamps, Versioned, Base):
    """A plan of one year. Its window is [opens_on 00:00, closes_on 23:59:59] in Asia/Shanghai."""

    __tablename__ = "review_plan"
    __table_args__ = (
        one_of("state", PLAN_STATES),
        one_of("plan_type", PLAN_TYPES),
        CheckConstraint("closes_on >= opens_on", name="window_in_order"),
        CheckConstraint("draft_edition IS NULL OR draft_edition = edition + 1", name="draft_edition_follows"),
        Index("ix_review_plan_state_year", "state", "year", "id"),
        # The public list walks along the days; all it looks at stands in the index, beside the long texts of the table.
        Index("ix_review_plan_listed", "opens_on", "id", "state", "closes_on", "year", "plan_type", "committee_id",
              "region_code", "edition", "name"),
        Index("ix_review_plan_closes_on", "closes_on"),
    )

    year: Mapped[int]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    committee_id: Mapped[int] = mapped_column(Key, ForeignKey("committee.id"), index=True)
    convener_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"), index=True)  # row scope
    region_code: Mapped[str] = mapped_column(String(6), ForeignKey("region.code"))
    plan_type: Mapped[str] = mapped_column(Code, default="regular")
    state: Mapped[str] = mapped_column(Code, default="draft")
    opens_on: Mapped[dt.date]
    closes_on: Mapped[dt.date]
    routes: Mapped[list[str]] = mapped_column(Json, default=lambda: ["regular"])  # keys of ROUTES
    needs_interview: Mapped[bool] = mapped_column(default=False)
    allows_exemption: Mapped[bool] = mapped_column(default=False)  # 免面试 can be asked for
    exemption_note: Mapped[str] = mapped_column(String(300), default="")  # who may ask for it
    scope_text: Mapped[str] = mapped_column(Text, default="")  # 评审范围对象, sanitised HTML
    content: Mapped[str] = mapped_column(Text, default="")  # 计划内容, sanitised HTML
    contact: Mapped[str] = mapped_column(String(40), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    published_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    edition: Mapped[int] = mapped_column(default=1)  # in force, or being drafted while state is draft
    draft_edition: Mapped[int | None]  # a revision that is being prepared
    revision_reason: Mapped[str] = mapped_column(String(300), default="")  # of the revision

    committee: Mapped[Committee] = relationship()
    convener: Mapped[Organization] = relationship()
    region: Mapped[Region] = relationship()
    levels: Mapped[list[PlanLevel]] = relationship(back_populates="plan", cascade="all, delete-orphan")
    offerings: Mapped[list[PlanOffering]] = relationship(back_populates="plan", cascade="all, delete-orphan")
    standards: Mapped[list[ReviewStandard]] = relationship(
        back_populates="plan", order_by="ReviewStandard.position", cascade="all, delete-orphan"
    )
    slots: Mapped[list[AttachmentSlot]] = relationship(
        back_populates="plan", order_by="AttachmentSlot.position", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return self.name


class PlanLevel(Base):
    """评审级别 of a plan."""

    __tablename__ = "plan_level"
    __table_args__ = (UniqueConstraint("plan_id", "edition", "level_id"),)

    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id", ondelete="CASCADE"))
    edition: Mapped[int] = mapped_column(default=1)
    level_id: Mapped[int] = mapped_column(Key, ForeignKey("title_level.id"))

    plan: Mapped[ReviewPlan] = relationship(back_populates="levels")
    level: Mapped[TitleLevel] = relationship()

    def __str__(self) -> str:
        return self.level.name


class PlanOffering(Base):
    """可评审专业: a specialty × title that can be applied for in a plan."""

    __tablename__ = "plan_offering"
    __table_args__ = (UniqueConstraint("plan_id", "edition", "specialty_id", "title_id"),)

    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id", ondelete="CASCADE"))
    edition: Mapped[int] = mapped_column(default=1)
    series_id: Mapped[int] = mapped_column(Key, ForeignKey("title_series.id"))
    specialty_id: Mapped[int] = mapped_column(Key, ForeignKey("specialty.id"))
    title_id: Mapped[int] = mapped_column(Key, ForeignKey("title.id"))

    plan: Mapped[ReviewPlan] = relationship(back_populates="offerings")
    series: Mapped[TitleSeries] = relationship()
    specialty: Mapped[Specialty] = relationship()
    title: Mapped[Title] = relationship()

    def __str__(self) -> str:
        return f"{self.specialty}-{self.title}"


class ReviewStandard(Base):
    """评审标准 of a plan, with its sections of 申报业绩."""

    __tablename__ = "review_standard"
    __table_args__ = (UniqueConstraint("plan_id", "edition", "name"),)

    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id", ondelete="CASCADE"))
    edition: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int] = mapped_column(default=0)

    plan: Mapped[ReviewPlan] = relationship(back_populates="standards")
    sections: Mapped[list[StandardSection]] = relationship(
        back_populates="standard", order_by="StandardSection.position", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return self.name


class StandardSection(Base):
    """A category of 申报业绩, e.g. 能力条件; of one level, or of every level when `level_id` is empty."""

    __tablename__ = "standard_section"
    __table_args__ = (Index("ix_standard_section_standard_id", "standard_id", "position"),)

    standard_id: Mapped[int] = mapped_column(Key, ForeignKey("review_standard.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    level_id: Mapped[int | None] = mapped_column(Key, ForeignKey("title_level.id"))
    position: Mapped[int] = mapped_column(default=0)

    standard: Mapped[ReviewStandard] = relationship(back_populates="sections")
    level: Mapped[TitleLevel | None] = relationship()
    items: Mapped[list[StandardItem]] = relationship(
        back_populates="section", order_by="StandardItem.position", cascade="all, delete-orphan"
    )
    groups: Mapped[list[StandardGroup]] = relationship(
        back_populates="section", order_by="StandardGroup.id", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return self.name


class StandardGroup(Base):
    """任选条件: of the items in the group at least `minimum` must be met (n of m); an item with none imported is not met."""

    __tablename__ = "standard_group"
    __table_args__ = (UniqueConstraint("section_id", "name"), CheckConstraint("minimum >= 1", name="minimum_positive"))

    section_id: Mapped[int] = mapped_column(Key, ForeignKey("standard_section.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    minimum: Mapped[int] = mapped_column(default=1)

    section: Mapped[StandardSection] = relationship(back_populates="groups")

    def __str__(self) -> str:
        return self.name


class StandardItem(Base):
    """How many items of a kind a section takes: `minimum` to `maximum` (0: no limit).

    In a group, `minimum` says from how many on the item counts as met; nobody is asked for it alone.
    """

    __tablename__ = "standard_item"
    __table_args__ = (
        UniqueConstraint("section_id", "kind_id"),
        CheckConstraint("minimum >= 0 AND (maximum = 0 OR maximum >= minimum)", name="counts_in_order"),
    )

    section_id: Mapped[int] = mapped_column(Key, ForeignKey("standard_section.id", ondelete="CASCADE"))
    kind_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_kind.id"))
    minimum: Mapped[int] = mapped_column(default=0)
    maximum: Mapped[int] = mapped_column(default=0)
    hint: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[int] = mapped_column(default=0)

    group_id: Mapped[int | None] = mapped_column(Key, ForeignKey("standard_group.id"), index=True)

    section: Mapped[StandardSection] = relationship(back_populates="items")
    kind: Mapped[AchievementKind] = relationship()
    group: Mapped[StandardGroup | None] = relationship()

    def __str__(self) -> str:
        return f"{self.kind}"


class AttachmentSlot(Base):
    """附件项 that the convener asks for; `condition` is data for rules ({"field": …, "equals": …}), empty: always."""

    __tablename__ = "attachment_slot"
    __table_args__ = (
        UniqueConstraint("plan_id", "edition", "code"),
        CheckConstraint("max_count >= 1 AND max_mb >= 1", name="limits_positive"),
    )

    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id", ondelete="CASCADE"))
    edition: Mapped[int] = mapped_column(default=1)
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    hint: Mapped[str] = mapped_column(String(300), default="")
    is_required: Mapped[bool] = mapped_column(default=False)
    condition: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    types: Mapped[list[str]] = mapped_column(Json, default=lambda: ["png", "pdf", "jpg"])
    max_mb: Mapped[int] = mapped_column(default=3)
    max_count: Mapped[int] = mapped_column(default=10)
    position: Mapped[int] = mapped_column(default=0)

    plan: Mapped[ReviewPlan] = relationship(back_populates="slots")

    def __str__(self) -> str:
        return self.name


class PlanForm(Base):
    """专业信息 of a series in a plan: `is_own` when its convener changed it, otherwise the form of the series as it was at publication."""

    __tablename__ = "plan_form"
    __table_args__ = (UniqueConstraint("plan_id", "edition", "series_id"),)

    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id", ondelete="CASCADE"))
    edition: Mapped[int] = mapped_column(default=1)
    series_id: Mapped[int] = mapped_column(Key, ForeignKey("title_series.id"))
    fields: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    is_own: Mapped[bool] = mapped_column(default=False)

    plan: Mapped[ReviewPlan] = relationship()
    series: Mapped[TitleSeries] = relationship()

    def __str__(self) -> str:
        return str(self.series)


class PlanCheck(Base):
    """How a plan uses one rule of 开始检测, when not as app.rules.check_settings says; `parameters` by key."""

    __tablename__ = "plan_check"
    __table_args__ = (UniqueConstraint("plan_id", "edition", "rule"), one_of("level", CHECK_LEVELS))

    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id", ondelete="CASCADE"))
    edition: Mapped[int] = mapped_column(default=1)
    rule: Mapped[str] = mapped_column(Code)
    level: Mapped[str] = mapped_column(Code)
    parameters: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    plan: Mapped[ReviewPlan] = relationship()

    def __str__(self) -> str:
        return self.rule
