"""诚信档案: breaches on record, with the time in which the person may not apply."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Key, Timestamps, one_of
from models.person import Person

INTEGRITY_KINDS = {"integrity": "失信行为", "discipline": "处分"}


class IntegrityRecord(Timestamps, Base):
    """A breach. Applying is forbidden from `banned_from` up to and including `banned_until`, days in Asia/Shanghai.

    `revoked_on`: the record was found wrong and no longer counts; it stays for the history.
    """

    __tablename__ = "integrity_record"
    __table_args__ = (
        one_of("kind", INTEGRITY_KINDS),
        CheckConstraint("banned_until >= banned_from", name="ban_in_order"),
        Index("ix_integrity_record_person_id", "person_id", "banned_until"),
    )

    kind: Mapped[str] = mapped_column(Code, default="integrity", server_default="integrity")
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(100), default="")  # 处理文号
    banned_from: Mapped[dt.date]
    banned_until: Mapped[dt.date]
    revoked_on: Mapped[dt.date | None]

    person: Mapped[Person] = relationship()

    def __str__(self) -> str:
        return f"{self.person}：{self.reason}"
