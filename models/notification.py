"""通知: messages inside the system; e-mail leaves by a job of its own."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, UtcDateTime, utcnow


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
