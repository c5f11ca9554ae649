"""审批意见 kept for reuse: 公共意见 of everybody, and each reviewer's own 我的意见."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Key, Timestamps, Versioned, one_of

OPINION_ACTIONS = {"approve": "通过", "return": "退回", "terminate": "终止"}


class OpinionTemplate(Timestamps, Versioned, Base):
    """One opinion. Without `user_id` it is public; with an empty `procedure` it serves every 流程类型."""

    __tablename__ = "opinion_template"
    __table_args__ = (
        one_of("action", OPINION_ACTIONS),
        Index("uq_opinion_template_public", "procedure", "action", "text", unique=True,
              sqlite_where=text("user_id IS NULL"), postgresql_where=text("user_id IS NULL")),
        Index("uq_opinion_template_own", "user_id", "procedure", "action", "text", unique=True,
              sqlite_where=text("user_id IS NOT NULL"), postgresql_where=text("user_id IS NOT NULL")),
    )

    user_id: Mapped[int | None] = mapped_column(Key, ForeignKey("ab_user.id"))
    procedure: Mapped[str] = mapped_column(Code, default="")
    action: Mapped[str] = mapped_column(Code, default="approve")
    text: Mapped[str] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0)
    enabled: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.text if len(self.text) <= 30 else self.text[:29] + "…"
