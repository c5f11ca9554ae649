"""Rosters too long to make while somebody waits: asked for, made by a job, kept some days for whoever asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Json, Key, Timestamps, UtcDateTime, one_of
from models.file import StoredFile

EXPORT_STATES = {"waiting": "正在生成", "made": "已生成", "failed": "生成失败"}


class Export(Timestamps, Base):
    """One file of rows. `kind` and `params`: which list, narrowed how; `digest` names both.

    It is its account's alone, and only while the account acts for the same person or organization.
    """

    __tablename__ = "export"
    __table_args__ = (
        one_of("state", EXPORT_STATES),
        CheckConstraint("(state = 'made') = (file_id IS NOT NULL)", name="made_with_file"),
        CheckConstraint("done >= 0 AND done <= total", name="progress_in_bounds"),
        Index("ix_export_user_id", "user_id", "id"),
        Index("ix_export_expires_at", "expires_at"),
        Index("ix_export_file_id", "file_id"),
        Index("uq_export_waiting", "user_id", "digest", unique=True,
              sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'")),
        {"sqlite_autoincrement": True},  # addresses name it by id: never given again
    )

    user_id: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))
    person_id: Mapped[int | None] = mapped_column(Key, ForeignKey("person.id"))
    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"))
    kind: Mapped[str] = mapped_column(Code)
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(Code, default="waiting")
    error: Mapped[str] = mapped_column(String(300), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    file_id: Mapped[int | None] = mapped_column(Key, ForeignKey("stored_file.id"))
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    file: Mapped[StoredFile | None] = relationship()
