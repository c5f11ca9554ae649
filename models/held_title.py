"""现有职称情况 of an application, each title with its 现有职称评聘情况."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.application import Application
from models.base import Base, Key, Versioned
from models.series import TitleLevel


class HeldTitle(Versioned, Base):
    """A title the applicant holds. The one with the lowest `position` is 现任专业技术职务 on the 评审表.

    Names are written as the certificate has them: titles of other provinces and times are in no dictionary of ours.
    Its evidence hangs on it as attachments of subject `held_title`, slot `evidence`.
    """

    __tablename__ = "held_title"
    __table_args__ = (
        CheckConstraint("issued_on >= reviewed_on", name="issued_after_review"),
        Index("ix_held_title_application_id", "application_id", "position"),
        {"sqlite_autoincrement": True},  # attachments name it by id: a deleted one's id is never given again
    )

    application_id: Mapped[int] = mapped_column(Key, ForeignKey("application.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    acquisition_code: Mapped[str] = mapped_column(String(20))  # dictionary acquisition: 职称取得方式
    certificate_number: Mapped[str] = mapped_column(String(40), default="")
    employer_name: Mapped[str] = mapped_column(String(100))  # 工作单位, when the certificate was given
    series_name: Mapped[str] = mapped_column(String(40))
    specialty_name: Mapped[str] = mapped_column(String(40))
    title_name: Mapped[str] = mapped_column(String(40))
    level_id: Mapped[int] = mapped_column(Key, ForeignKey("title_level.id"))
    committee_name: Mapped[str] = mapped_column(String(100))  # 评审机构
    reviewed_on: Mapped[dt.date]
    issuer_name: Mapped[str] = mapped_column(String(100))  # 发证机构
    issued_on: Mapped[dt.date]
    from_elsewhere: Mapped[bool] = mapped_column(default=False)  # 外省取得

    application: Mapped[Application] = relationship()
    level: Mapped[TitleLevel] = relationship()
    appointments: Mapped[list[Appointment]] = relationship(
        back_populates="held_title", order_by="Appointment.position", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return self.title_name


class Appointment(Base):
    """现有职称评聘情况: an appointment to the post of a title; it has an end or goes on 至今, not both."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="in_order"),
        CheckConstraint("to_present <> (ends_on IS NOT NULL)", name="end_or_present"),
        Index("ix_appointment_held_title_id", "held_title_id", "position"),
    )

    held_title_id: Mapped[int] = mapped_column(Key, ForeignKey("held_title.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(40))  # 聘用名称
    employer_name: Mapped[str] = mapped_column(String(100))  # 聘用单位
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date | None]
    to_present: Mapped[bool] = mapped_column(default=False)

    held_title: Mapped[HeldTitle] = relationship(back_populates="appointments")

    def __str__(self) -> str:
        return self.name
