"""专业技术人员: the person, and which unit they are bound to."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Key, Timestamps, UtcDateTime, Versioned, one_of, utcnow
from models.encrypted import EncryptedText
from models.organization import Organization
from models.series import TitleSeries

if TYPE_CHECKING:
    from models.account import Account
    from models.file import StoredFile

EMPLOYMENT_STATES = {"pending": "待审核", "approved": "已通过", "returned": "已退回", "withdrawn": "已撤回", "ended": "已结束"}
EMPLOYMENT_KINDS = {"registration": "人员注册", "unit_change": "单位变更"}


class Person(Timestamps, Versioned, Base):
    """A registered person. `organization_id` is the unit of the approved employment, denormalised for row scope.

    Name, ID number and sex cannot be changed once `registered_at` is set (manual, 提交审核 注意事项).
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("sex IN ('', '男', '女')", name="sex_known"),
        Index("ix_person_name", "name"),
        Index("ix_person_pinyin", "pinyin"),
        UniqueConstraint("id_number_index"),
    )

    user_id: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"), unique=True)
    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(50))
    pinyin: Mapped[str] = mapped_column(String(50), default="")
    id_doc_type: Mapped[str] = mapped_column(String(20), default="01")  # dictionary id_doc_type
    id_number: Mapped[str] = mapped_column(EncryptedText)
    id_number_index: Mapped[str] = mapped_column(String(64))
    sex: Mapped[str] = mapped_column(String(2), default="")
    birth_date: Mapped[dt.date | None]
    mobile: Mapped[str] = mapped_column(String(20))
    political_status_code: Mapped[str | None] = mapped_column(String(20))
    ethnic_code: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(100), default="")
    work_start: Mapped[dt.date | None]
    education_code: Mapped[str | None] = mapped_column(String(20))
    degree_code: Mapped[str | None] = mapped_column(String(20))
    title_name: Mapped[str] = mapped_column(String(20), default="")
    skill_level: Mapped[str] = mapped_column(String(20), default="")
    landline: Mapped[str] = mapped_column(String(30), default="")
    post: Mapped[str] = mapped_column(String(20), default="")  # 行政职务
    is_freelancer: Mapped[bool] = mapped_column(default=False)
    photo_id: Mapped[int | None] = mapped_column(Key, ForeignKey("stored_file.id"))
    registered_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[Account] = relationship(back_populates="person", foreign_keys=[user_id])
    organization: Mapped[Organization | None] = relationship()
    photo: Mapped[StoredFile | None] = relationship(foreign_keys=[photo_id])
    series: Mapped[list[PersonSeries]] = relationship(
        back_populates="person", order_by="PersonSeries.position", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return self.name


class PersonSeries(Base):
    """所在职称系列: at most three, held by the CHECK on `position`."""

    __tablename__ = "person_series"
    __table_args__ = (
        UniqueConstraint("person_id", "series_id"),
        UniqueConstraint("person_id", "position"),
        CheckConstraint("position BETWEEN 1 AND 3", name="at_most_three"),
    )

    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id", ondelete="CASCADE"))
    series_id: Mapped[int] = mapped_column(Key, ForeignKey("title_series.id"))
    position: Mapped[int]

    person: Mapped[Person] = relationship(back_populates="series")
    series: Mapped[TitleSeries] = relationship()


class Employment(Timestamps, Versioned, Base):
    """单位绑定: a request to be bound to a unit and what became of it; the rows are the history."""

    __tablename__ = "employment"
    __table_args__ = (
        one_of("state", EMPLOYMENT_STATES),
        one_of("kind", EMPLOYMENT_KINDS),
        Index("uq_employment_one_pending", "person_id", unique=True, sqlite_where=text("state = 'pending'"),
              postgresql_where=text("state = 'pending'")),
        Index("uq_employment_one_approved", "person_id", unique=True, sqlite_where=text("state = 'approved'"),
              postgresql_where=text("state = 'approved'")),
        Index("ix_employment_organization_id_state", "organization_id", "state", "id"),
        Index("ix_employment_organization_id_id", "organization_id", "id"),
    )

    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"), index=True)
    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    kind: Mapped[str] = mapped_column(Code)
    state: Mapped[str] = mapped_column(Code, default="pending")
    note: Mapped[str] = mapped_column(Text, default="")  # 申请说明
    is_freelancer: Mapped[bool] = mapped_column(default=False)
    requested_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()
    organization: Mapped[Organization] = relationship()
