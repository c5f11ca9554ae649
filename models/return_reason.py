"""退回原因: the single reasons of one return, each optionally pinned to a page of the application."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Key


class ReturnReason(Base):
    """One reason. The task's `opinion` names all of them in words; these rows say where each belongs.

    `page`: a key of app.rules.return_reason.pages ("basic", "education", "section-12" …); empty: the whole application.
    """

    __tablename__ = "return_reason"
    __table_args__ = (
        UniqueConstraint("task_id", "position"),
        CheckConstraint("position >= 1", name="counted_from_one"),
        CheckConstraint("text <> ''", name="says_something"),
    )

    task_id: Mapped[int] = mapped_column(Key, ForeignKey("task.id"))
    position: Mapped[int]
    page: Mapped[str] = mapped_column(Code, default="")
    text: Mapped[str] = mapped_column(String(500))
