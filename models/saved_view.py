"""常用筛选: filters of a list that an account keeps under a name."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Json, Key, one_of

SAVED_PAGES = {"tasks": "任务中心", "reviews": "申报情况"}


class SavedView(Base):
    """`filters`: the arguments of the page's address that make the view."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "page", "name"), one_of("page", SAVED_PAGES))

    user_id: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))
    page: Mapped[str] = mapped_column(Code)
    name: Mapped[str] = mapped_column(String(30))
    filters: Mapped[dict[str, str]] = mapped_column(Json)
