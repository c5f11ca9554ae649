"""通知公告."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Timestamps, Versioned, one_of

NOTICE_STATES = {"draft": "草稿", "published": "已发布", "withdrawn": "已撤下"}


class Notice(Timestamps, Versioned, Base):
    """A notice for everybody. `body` is sanitised HTML. Shown when published and its day has come."""

    __tablename__ = "notice"
    __table_args__ = (one_of("state", NOTICE_STATES), Index("ix_notice_shown", "state", "published_on", "id"))

    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(String(100), default="")  # 发布单位
    published_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(Code, default="draft")

    def __str__(self) -> str:
        return self.title
