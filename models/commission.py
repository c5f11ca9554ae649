"""委托: the letter by which a unit or authority asks a committee to review its people."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Key, Timestamps, UtcDateTime, Versioned, one_of
from models.organization import Organization
from models.plan import ReviewPlan

COMMISSION_STATES = {"sent": "已上传", "received": "已查收", "returned": "被退回"}


class CommissionLetter(Timestamps, Versioned, Base):
    """委托函: its name, how many people, and (attached: `commission_letter`, slot `letter`) the signed scan."""

    __tablename__ = "commission_letter"
    __table_args__ = (
        one_of("state", COMMISSION_STATES), CheckConstraint("headcount BETWEEN 1 AND 99999", name="headcount_sensible"),
        CheckConstraint("state <> 'returned' OR reason <> ''", name="reason_when_returned"),
        Index("ix_commission_letter_organization_id", "organization_id", "plan_id"),
        Index("ix_commission_letter_convener_id", "convener_id", "id"),
    )

    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    plan_id: Mapped[int] = mapped_column(Key, ForeignKey("review_plan.id"))
    convener_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(String(100))
    headcount: Mapped[int]
    state: Mapped[str] = mapped_column(Code, default="sent")
    reason: Mapped[str] = mapped_column(String(300), default="")
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))

    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    plan: Mapped[ReviewPlan] = relationship()

    def __str__(self) -> str:
        return self.name
