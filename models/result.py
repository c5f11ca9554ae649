"""评审结果: the committee's vote on an application, the 公示 of those who passed, objections, the approval."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.application import Application
from models.base import Base, Code, Key, Timestamps, UtcDateTime, Versioned, one_of
from models.plan import ReviewPlan

RESULT_OUTCOMES = {"passed": "通过", "failed": "未通过"}
OBJECTION_STATES = {"none": "无异议", "open": "异议核查中", "rejected": "异议不成立", "upheld": "异议成立"}


class Publicity(Timestamps, Base):
    """公示 of results of a plan, from `starts_on` through `ends_on` (days in Asia/Shanghai)."""

    __tablename__ = "publicity"
    __table_args__ = (
        CheckConstraint("ends_on > starts_on", name="days_in_order"),
        Index("ix_publicity_plan_id", "plan_id", "id"),
    )

    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id"))
    convener_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    place: Mapped[str] = mapped_column(String(200))  # address or place of the notice

    def __str__(self) -> str:
        return f"{self.starts_on} 至 {self.ends_on}"


class ReviewResult(Timestamps, Versioned, Base):
    """The vote on one application and what followed. `approval_no` is set when the certificate is ordered.

    `announced_on`: when the applicants were told; the votes stand from then on, until a 复查 is upheld.
    """

    __tablename__ = "review_result"
    __table_args__ = (
        one_of("outcome", RESULT_OUTCOMES),
        one_of("objection_state", OBJECTION_STATES),
        CheckConstraint("members >= 1 AND present <= members AND present * 2 >= members", name="quorum"),
        CheckConstraint("agree >= 0 AND against >= 0 AND abstain >= 0 AND agree + against + abstain = present", name="votes_add_up"),
        CheckConstraint("(outcome = 'passed') = (agree * 3 >= present * 2)", name="two_thirds"),
        CheckConstraint("publicity_id IS NULL OR outcome = 'passed'", name="passed_when_publicized"),
        CheckConstraint("publicity_id IS NULL OR announced_on IS NOT NULL", name="announced_when_publicized"),
        CheckConstraint("approval_no = '' OR (publicity_id IS NOT NULL AND objection_state IN ('none', 'rejected'))",
                        name="approved_after_publicity"),
        CheckConstraint("(approval_no = '') = (ordered_at IS NULL)", name="ordered_with_number"),
        Index("ix_review_result_plan_id", "plan_id", "id"),
    )

    application_id: Mapped[int] = mapped_column(Key, ForeignKey("application.id"), unique=True)
    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id"))
    convener_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))  # row scope
    members: Mapped[int]
    present: Mapped[int]
    agree: Mapped[int]
    against: Mapped[int]
    abstain: Mapped[int]
    outcome: Mapped[str] = mapped_column(Code)
    met_on: Mapped[dt.date]
    group_opinion: Mapped[str] = mapped_column(Text, default="")  # 专业评议组意见
    publicity_id: Mapped[int | None] = mapped_column(Key, ForeignKey("publicity.id"))
    announced_on: Mapped[dt.date | None]  # the applicant sees the outcome from this day on, passed or not
    objection: Mapped[str] = mapped_column(Text, default="")
    objection_state: Mapped[str] = mapped_column(Code, default="none")
    objection_reply: Mapped[str] = mapped_column(Text, default="")
    approval_no: Mapped[str] = mapped_column(String(60), default="")
    ordered_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    application: Mapped[Application] = relationship()
    plan: Mapped[ReviewPlan] = relationship()
    publicity: Mapped[Publicity | None] = relationship()

    def __str__(self) -> str:
        return f"{self.application} {RESULT_OUTCOMES[self.outcome]}"
