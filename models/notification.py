"""通知: messages inside the system; e-mail leaves by jobs, as each account wants it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Key, UtcDateTime, one_of, utcnow

MAIL_MODES = {"each": "每条通知一封邮件", "daily": "每天 8 时汇总一封邮件", "none": "不发送邮件"}


class Notification(Base):
    """One message to one account; `key` lets each event tell a person once."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_user_id", "user_id", "read_at", "id"),)

    user_id: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))
    key: Mapped[str] = mapped_column(String(160), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    link: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    read_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class MailPreference(Base):
    """How an account wants its notifications by e-mail; without a row, each by a mail of its own."""

    __tablename__ = "mail_preference"
    __table_args__ = (one_of("mode", MAIL_MODES),)

    user_id: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"), unique=True)
    mode: Mapped[str] = mapped_column(Code)
