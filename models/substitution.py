"""代办: for some days a colleague may decide what an administrator has claimed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, UtcDateTime, utcnow


class Substitution(Base):
    """`substitute_id` acts for `user_id` from `begins_on` up to and including `ends_on`, days in Asia/Shanghai."""

    __tablename__ = "substitution"
    __table_args__ = (
        CheckConstraint("ends_on >= begins_on", name="in_order"),
        CheckConstraint("user_id <> substitute_id", name="somebody_else"),
        Index("ix_substitution_substitute_id", "substitute_id", "ends_on"),
        Index("ix_substitution_user_id", "user_id"),
    )

    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"), index=True)
    user_id: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))
    substitute_id: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))
    begins_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # called off early
