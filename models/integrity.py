"""诚信档案: breaches and disciplinary measures on record, with the time in which the person may not apply."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Key, Timestamps, Versioned, one_of
from models.organization import Organization
from models.person import Person

INTEGRITY_KINDS = {"integrity": "失信行为", "discipline": "处分"}
_STANDING = text("revoked_on IS NULL AND document <> ''")


class IntegrityRecord(Timestamps, Versioned, Base):
    """A record. With `bars`, applying is forbidden from `banned_from` through `banned_until`, days in Asia/Shanghai.

    `category` is an entry of the dictionary integrity_kind, `category_name` what it was called then. `organization_id`:
    who recorded it. `revoked_on`: it was lifted and no longer counts; it stays for the history.
    """

    __tablename__ = "integrity_record"
    __table_args__ = (
        one_of("kind", INTEGRITY_KINDS),
        CheckConstraint("banned_until >= banned_from", name="ban_in_order"),
        CheckConstraint("(revoked_on IS NULL) = (revoked_reason = '')", name="revoked_with_reason"),
        Index("ix_integrity_record_person_id", "person_id", "banned_until"),
        Index("ix_integrity_record_organization_id", "organization_id", "id"),
        Index("uq_integrity_record_one_standing", "person_id", "category", "document", unique=True, sqlite_where=_STANDING,
              postgresql_where=_STANDING),
    )

    kind: Mapped[str] = mapped_column(Code, default="integrity", server_default="integrity")
    category: Mapped[str] = mapped_column(String(20), default="", server_default="")
    category_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"))
    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"))
    recorded_by: Mapped[int | None] = mapped_column(Key, ForeignKey("ab_user.id"))
    reason: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(100), default="")  # 处理文号
    decided_on: Mapped[dt.date | None]  # of the decision that the record rests on
    bars: Mapped[bool] = mapped_column(default=True, server_default=true())
    banned_from: Mapped[dt.date]
    banned_until: Mapped[dt.date]
    revoked_on: Mapped[dt.date | None]
    revoked_reason: Mapped[str] = mapped_column(String(300), default="", server_default="")

    person: Mapped[Person] = relationship()
    organization: Mapped[Organization | None] = relationship()

    def __str__(self) -> str:
        return f"{self.person}：{self.reason}"
