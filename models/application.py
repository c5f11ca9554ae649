"""申报: one person's application to a plan, what it imports, and the snapshot of each submission."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.achievement import Achievement
from models.base import Base, Code, Json, Key, Timestamps, UtcDateTime, Versioned, one_of, utcnow
from models.organization import Organization
from models.person import Person
from models.plan import ROUTES, ReviewPlan, ReviewStandard, StandardItem
from models.series import Specialty, Title, TitleSeries

APPLICATION_STATES = {
    "editing": "编辑中",
    "reviewing": "审核中",
    "returned": "被退回",
    "terminated": "终止",
    "approved": "审核通过",
}
EXEMPTION_STATES = {  # 免面试
    "none": "未申请",
    "asked": "待组建单位审核",
    "approved": "已批准",
    "refused": "未批准",
}
# The pages of 个人信息 that take imported items, with the kind each takes.
IMPORT_PAGES = {
    "work_experience": "工作经历",
    "education": "学历教育",
    "continuing_education": "继续教育",
    "annual_assessment": "年度考核",
}


class Pledge(Base):
    """诚信承诺书: a version of its text. Acceptances point at the version that was shown."""

    __tablename__ = "pledge"

    number: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(String(60))
    clauses: Mapped[list[str]] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)

    def __str__(self) -> str:
        return f"{self.title}（第 {self.number} 版）"


class Application(Timestamps, Versioned, Base):
    """One application. `employer_id` and `convener_id` carry the row scope; `plan_year` the once-a-year rule.

    `personal` and `professional` hold the fields of 基本信息 by key, `route_values` those of the form of the route. `checked_version` is the `version` at which
    开始检测 passed; submission compares it with `version`.
    """

    __tablename__ = "application"
    __table_args__ = (
        one_of("state", APPLICATION_STATES),
        one_of("route", ROUTES),
        Index("uq_application_once_a_year", "person_id", "plan_year", unique=True,
              sqlite_where=text("submitted_at IS NOT NULL"), postgresql_where=text("submitted_at IS NOT NULL")),
        UniqueConstraint("person_id", "plan_id"),
        CheckConstraint("state = 'editing' OR submitted_at IS NOT NULL", name="submitted_when_not_editing"),
        one_of("exemption_state", EXEMPTION_STATES),
        CheckConstraint("(exemption_state IN ('approved', 'refused')) = (exemption_decided_at IS NOT NULL)",
                        name="exemption_decided_with_time"),
        CheckConstraint("exemption_state <> 'refused' OR exemption_opinion <> ''", name="exemption_refused_with_opinion"),
        Index("ix_application_employer_id", "employer_id", "state", "id"),
        Index("ix_application_plan_id", "plan_id", "state", "id"),
        {"sqlite_autoincrement": True},  # cases and audit events name it by id: a deleted one's id is never given again
    )

    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"), index=True)
    employer_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id"))
    plan_year: Mapped[int]
    plan_edition: Mapped[int] = mapped_column(default=1)  # what the plan asked for when this was begun
    route: Mapped[str] = mapped_column(Code)
    series_id: Mapped[int] = mapped_column(Key, ForeignKey("title_series.id"))
    specialty_id: Mapped[int] = mapped_column(Key, ForeignKey("specialty.id"))
    title_id: Mapped[int] = mapped_column(Key, ForeignKey("title.id"))
    standard_id: Mapped[int] = mapped_column(Key, ForeignKey("review_standard.id"))
    pledge_id: Mapped[int | None] = mapped_column(Key, ForeignKey("pledge.id"))
    pledged_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    personal: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    professional: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    route_values: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")  # of 破格审批表, 转评申报表
    state: Mapped[str] = mapped_column(Code, default="editing")
    exemption_reason: Mapped[str] = mapped_column(Text, default="", server_default="")  # 免面试, as the applicant asks for it
    exemption_state: Mapped[str] = mapped_column(Code, default="none", server_default="none")
    exemption_decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    exemption_opinion: Mapped[str] = mapped_column(Text, default="", server_default="")  # of the convener
    checked_version: Mapped[int | None]
    submitted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # of the first submission that stands
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()
    employer: Mapped[Organization] = relationship()
    plan: Mapped[ReviewPlan] = relationship()
    series: Mapped[TitleSeries] = relationship()
    specialty: Mapped[Specialty] = relationship()
    title: Mapped[Title] = relationship()
    standard: Mapped[ReviewStandard] = relationship()
    pledge: Mapped[Pledge | None] = relationship()
    items: Mapped[list[ApplicationItem]] = relationship(
        back_populates="application", order_by="ApplicationItem.position", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return f"{self.plan}"


class ApplicationItem(Base):
    """An imported achievement, frozen as it was. On an import page or under a standard's item; never twice."""

    __tablename__ = "application_item"
    __table_args__ = (
        UniqueConstraint("application_id", "achievement_id"),
        CheckConstraint("(page <> '') <> (standard_item_id IS NOT NULL)", name="one_place"),
        Index("ix_application_item_place", "application_id", "page", "standard_item_id", "position"),
        Index("ix_application_item_achievement_id", "achievement_id"),
    )

    application_id: Mapped[int] = mapped_column(Key, ForeignKey("application.id", ondelete="CASCADE"))
    achievement_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement.id"))
    page: Mapped[str] = mapped_column(Code, default="")  # a key of IMPORT_PAGES
    standard_item_id: Mapped[int | None] = mapped_column(Key, ForeignKey("standard_item.id"))
    position: Mapped[int] = mapped_column(default=0)
    is_qualifying: Mapped[bool] = mapped_column(default=False)  # 合格学历
    data: Mapped[dict[str, Any]] = mapped_column(Json)  # the achievement's values at import

    application: Mapped[Application] = relationship(back_populates="items")
    achievement: Mapped[Achievement] = relationship()
    standard_item: Mapped[StandardItem | None] = relationship()


class Submission(Base):
    """What the reviewers of one submission see: immutable, one per run."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("application_id", "run"),)

    application_id: Mapped[int] = mapped_column(Key, ForeignKey("application.id"))
    run: Mapped[int]
    snapshot: Mapped[dict[str, Any]] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="")
    submitted_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)

    application: Mapped[Application] = relationship()
