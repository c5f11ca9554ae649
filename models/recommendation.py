"""单位推荐意见: what a unit adds to an application before it approves."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.application import Application
from models.base import Base, Key, Timestamps, Versioned
from models.organization import Organization

# Where its files are attached (`recommendation`): slot -> name on the page.
RECOMMENDATION_SLOTS = {"opinion": "单位推荐意见", "publicity": "单位公示证明和材料", "other": "单位审批其他材料"}


class Recommendation(Timestamps, Versioned, Base):
    """The unit's recommendation in one case: a text or a file, and when the applicant was publicised inside the unit."""

    __tablename__ = "recommendation"
    __table_args__ = (
        CheckConstraint("(publicity_from IS NULL) = (publicity_to IS NULL)", name="publicity_whole"),
        CheckConstraint("publicity_to >= publicity_from", name="publicity_in_order"),
    )

    case_id: Mapped[int] = mapped_column(Key, ForeignKey("case.id"), unique=True)
    application_id: Mapped[int] = mapped_column(Key, ForeignKey("application.id"), index=True)
    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    text: Mapped[str] = mapped_column(Text, default="")
    publicity_from: Mapped[dt.date | None]
    publicity_to: Mapped[dt.date | None]

    application: Mapped[Application] = relationship()
    organization: Mapped[Organization] = relationship()
