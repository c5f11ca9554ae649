"""职称证书: numbers without holes, certificates, their files and status."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.application import Application
from models.base import Base, Code, Key, Timestamps, UtcDateTime, Versioned, one_of
from models.file import StoredFile
from models.person import Person

CERTIFICATE_STATES = {"valid": "有效", "replaced": "已换发", "revoked": "已撤销"}


class CertificateSequence(Base):
    """The last serial number given out per (year, city, series, level) prefix; the row is the lock."""

    __tablename__ = "certificate_sequence"
    __table_args__ = (CheckConstraint("last >= 0", name="not_negative"),)

    prefix: Mapped[str] = mapped_column(String(20), unique=True)
    last: Mapped[int] = mapped_column(default=0)


class Certificate(Timestamps, Versioned, Base):
    """A certificate. The names are as printed and stay, whatever becomes of the dictionaries.

    `file_id` is empty until the background job made the PDF; `render_key` = version + template hash of that file.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        one_of("state", CERTIFICATE_STATES),
        UniqueConstraint("application_id"),
        Index("ix_certificate_person_id", "person_id", "id"),
        CheckConstraint("(state = 'revoked') = (revoked_on IS NOT NULL)", name="revoked_with_day"),
        CheckConstraint("(file_id IS NULL) = (render_key = '')", name="rendered_with_key"),
    )

    number: Mapped[str] = mapped_column(String(24), unique=True)
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"))
    application_id: Mapped[int | None] = mapped_column(Key, ForeignKey("application.id"))
    issuer_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    convener_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    holder_name: Mapped[str] = mapped_column(String(50))
    employer_name: Mapped[str] = mapped_column(String(100))
    series_name: Mapped[str] = mapped_column(String(40))
    specialty_name: Mapped[str] = mapped_column(String(60))
    title_name: Mapped[str] = mapped_column(String(40))
    level_name: Mapped[str] = mapped_column(String(20))
    committee_name: Mapped[str] = mapped_column(String(100))
    issuer_name: Mapped[str] = mapped_column(String(100))
    acquired_by: Mapped[str] = mapped_column(String(20), default="评审")  # 取得方式
    approval_no: Mapped[str] = mapped_column(String(60), default="")  # 批准文号
    year: Mapped[int]
    acquired_on: Mapped[dt.date]
    issued_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(Code, default="valid")
    file_id: Mapped[int | None] = mapped_column(Key, ForeignKey("stored_file.id"))
    render_key: Mapped[str] = mapped_column(String(80), default="")
    original_number: Mapped[str] = mapped_column(String(60), default="")  # of the certificate this one goes back to
    replaces_id: Mapped[int | None] = mapped_column(Key, ForeignKey("certificate.id"), unique=True)  # 补换证
    revoked_on: Mapped[dt.date | None]
    revoked_reason: Mapped[str] = mapped_column(String(300), default="")
    rendered_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()
    application: Mapped[Application | None] = relationship()
    file: Mapped[StoredFile | None] = relationship()

    def __str__(self) -> str:
        return self.number
