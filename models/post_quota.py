"""岗位核准: how many vacant posts of each level a 事业单位 may use in a year, and which applications use them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Key, Timestamps, UtcDateTime, Versioned, one_of, utcnow
from models.organization import Organization

QUOTA_LEVELS = ("正高级", "副高级", "中级", "初级")  # labels of models.series.TitleLevel
QUOTA_STATES = {"draft": "未确认", "confirmed": "已确认"}


class PostQuota(Timestamps, Versioned, Base):
    """岗位核准信息 of one unit and year. Confirmed it is immutable, except by operations, with a reason.

    The stamped form is attached to it (`post_quota`, slot `form`); a replaced one stays, under the newer.
    """

    __tablename__ = "post_quota"
    __table_args__ = (
        UniqueConstraint("organization_id", "year"), one_of("state", QUOTA_STATES),
        CheckConstraint("(state = 'confirmed') = (confirmed_at IS NOT NULL)", name="confirmed_with_time"),
    )

    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    year: Mapped[int]
    state: Mapped[str] = mapped_column(Code, default="draft")
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))

    organization: Mapped[Organization] = relationship()
    levels: Mapped[list[PostQuotaLevel]] = relationship(back_populates="quota", cascade="all, delete-orphan")

    def __str__(self) -> str:
        return f"{self.year}"


class PostQuotaLevel(Base):
    """空缺 of one level, and how many recommended applicants use a post (`occupied`) or do not (`unoccupied`)."""

    __tablename__ = "post_quota_level"
    __table_args__ = (
        UniqueConstraint("quota_id", "label"), one_of("label", QUOTA_LEVELS),
        CheckConstraint("vacancies >= 0", name="vacancies_not_negative"),
        CheckConstraint("occupied >= 0 AND occupied <= vacancies", name="never_more_than_confirmed"),
        CheckConstraint("unoccupied >= 0", name="unoccupied_not_negative"),
    )

    quota_id: Mapped[int] = mapped_column(Key, ForeignKey("post_quota.id", ondelete="CASCADE"))
    label: Mapped[str] = mapped_column(Code)
    vacancies: Mapped[int] = mapped_column(default=0)
    occupied: Mapped[int] = mapped_column(default=0)
    unoccupied: Mapped[int] = mapped_column(default=0)

    quota: Mapped[PostQuota] = relationship(back_populates="levels")


class QuotaUse(Base):
    """占用 or 不占用 of a place by one case. Given back (`released_at`) when the case is returned, terminated or withdrawn."""

    __tablename__ = "quota_use"
    __table_args__ = (
        Index("uq_quota_use_one_in_force", "case_id", unique=True, sqlite_where=text("released_at IS NULL"),
              postgresql_where=text("released_at IS NULL")),
        Index("ix_quota_use_level_id", "level_id", "id"),
        CheckConstraint("occupies OR reason <> ''", name="reason_when_not_occupying"),
    )

    case_id: Mapped[int] = mapped_column(Key, ForeignKey("case.id"), index=True)
    application_id: Mapped[int] = mapped_column(Key, ForeignKey("application.id"))
    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"), index=True)
    level_id: Mapped[int] = mapped_column(Key, ForeignKey("post_quota_level.id"))
    occupies: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    released_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
