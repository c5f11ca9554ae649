"""What a person asks of the issuing authority: 异地职称 (recognition of a title from elsewhere), 补换证 (reissue)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Json, Key, Timestamps, UtcDateTime, Versioned, one_of
from models.certificate import Certificate
from models.organization import Organization
from models.person import Person
from models.series import Specialty, Title

REQUEST_KINDS = {"recognition": "异地职称", "reissue": "补换证"}
REQUEST_STATES = {
    "editing": "编辑中", "reviewing": "审核中", "returned": "被退回", "terminated": "终止", "approved": "审核通过",
}
_RUNNING = text("certificate_id IS NOT NULL AND state IN ('editing', 'reviewing', 'returned')")


class PersonalRequest(Timestamps, Versioned, Base):
    """One request. `data` holds the fields of its form by key (their definitions are settings), `education` at most two
    entries, `corrections` what a new certificate shall say instead. `snapshot`: what was submitted last, as the
    reviewers see it. `certificate_id`: the certificate to be replaced; `issued_id`: the one that came of it.
    """

    __tablename__ = "personal_request"
    __table_args__ = (
        one_of("kind", REQUEST_KINDS),
        one_of("state", REQUEST_STATES),
        CheckConstraint("(kind = 'recognition') = (title_id IS NOT NULL)", name="title_when_recognition"),
        CheckConstraint("(title_id IS NULL) = (specialty_id IS NULL)", name="specialty_with_title"),
        CheckConstraint("kind = 'reissue' OR certificate_id IS NULL", name="certificate_when_reissue"),
        CheckConstraint("state = 'editing' OR snapshot IS NOT NULL OR submitted_at IS NOT NULL", name="snapshot_when_sent"),
        CheckConstraint("(state = 'approved') = (issued_id IS NOT NULL)", name="certificate_when_approved"),
        Index("uq_personal_request_one_running", "certificate_id", unique=True, sqlite_where=_RUNNING,
              postgresql_where=_RUNNING),
        Index("ix_personal_request_person_id", "person_id", "kind", "id"),
        Index("ix_personal_request_employer_id", "employer_id", "state", "id"),
        {"sqlite_autoincrement": True},  # cases and audit events name it by id: never given again
    )

    kind: Mapped[str] = mapped_column(Code)
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"))
    employer_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    title_id: Mapped[int | None] = mapped_column(Key, ForeignKey("title.id"))
    specialty_id: Mapped[int | None] = mapped_column(Key, ForeignKey("specialty.id"))
    certificate_id: Mapped[int | None] = mapped_column(Key, ForeignKey("certificate.id"))
    issued_id: Mapped[int | None] = mapped_column(Key, ForeignKey("certificate.id"), unique=True)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    education: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    corrections: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(Json)
    state: Mapped[str] = mapped_column(Code, default="editing")
    submitted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()
    employer: Mapped[Organization] = relationship()
    title: Mapped[Title | None] = relationship()
    specialty: Mapped[Specialty | None] = relationship()
    certificate: Mapped[Certificate | None] = relationship(foreign_keys=[certificate_id])
    issued: Mapped[Certificate | None] = relationship(foreign_keys=[issued_id])

    def __str__(self) -> str:
        return f"{REQUEST_KINDS[self.kind]} {self.id}"
