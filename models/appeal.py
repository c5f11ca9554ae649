"""复查: a person who does not accept a result of the committee, or a record of 诚信档案, asks for it to be looked at again."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.application import Application
from models.base import Base, Code, Key, Timestamps, UtcDateTime, Versioned, one_of
from models.integrity import IntegrityRecord
from models.organization import Organization
from models.person import Person

APPEAL_GROUNDS = {"result": "评审结果", "integrity": "诚信档案记录"}
APPEAL_STATES = {"reviewing": "复查中", "upheld": "复查成立", "rejected": "维持原决定", "withdrawn": "已撤回"}
_RESULT = text("application_id IS NOT NULL AND state <> 'withdrawn'")
_RECORD = text("record_id IS NOT NULL AND state <> 'withdrawn'")


class Appeal(Timestamps, Versioned, Base):
    """One request, decided by `organization_id`: the convener of the plan, or who made the record. Once for each subject."""

    __tablename__ = "appeal"
    __table_args__ = (
        one_of("ground", APPEAL_GROUNDS),
        one_of("state", APPEAL_STATES),
        CheckConstraint("(ground = 'result') = (application_id IS NOT NULL)", name="application_when_result"),
        CheckConstraint("(ground = 'integrity') = (record_id IS NOT NULL)", name="record_when_integrity"),
        CheckConstraint("(state IN ('upheld', 'rejected')) = (decided_at IS NOT NULL)", name="decided_with_time"),
        CheckConstraint("decided_at IS NULL OR answer <> ''", name="decided_with_answer"),
        Index("uq_appeal_one_of_result", "application_id", unique=True, sqlite_where=_RESULT, postgresql_where=_RESULT),
        Index("uq_appeal_one_of_record", "record_id", unique=True, sqlite_where=_RECORD, postgresql_where=_RECORD),
        Index("ix_appeal_person_id", "person_id", "id"),
        Index("ix_appeal_organization_id", "organization_id", "id"),
        {"sqlite_autoincrement": True},  # cases and audit events name it by id: never given again
    )

    ground: Mapped[str] = mapped_column(Code)
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"))
    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    application_id: Mapped[int | None] = mapped_column(Key, ForeignKey("application.id"))
    record_id: Mapped[int | None] = mapped_column(Key, ForeignKey("integrity_record.id"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Code, default="reviewing")
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()
    organization: Mapped[Organization] = relationship()
    application: Mapped[Application | None] = relationship()
    record: Mapped[IntegrityRecord | None] = relationship()

    def __str__(self) -> str:
        return f"{APPEAL_GROUNDS[self.ground]} {self.id}"
