"""字典: code tables (民族, 政治面貌, 学历 …) that staff see and edit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, Key


class CodeTable(Base):
    """One dictionary: `code` is its machine name, `standard` the national standard it follows, if any."""

    __tablename__ = "code_table"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    standard: Mapped[str] = mapped_column(String(60), default="")

    items: Mapped[list[CodeItem]] = relationship(back_populates="table", order_by="CodeItem.position")

    def __str__(self) -> str:
        return self.name


class CodeItem(Base):
    """One entry. `extra` keeps the table's own columns (rank, short name, …) as loaded."""

    __tablename__ = "code_item"
    __table_args__ = (
        UniqueConstraint("table_id", "code"),
        Index("ix_code_item_table_id_position", "table_id", "position"),
    )

    table_id: Mapped[int] = mapped_column(Key, ForeignKey("code_table.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    parent_code: Mapped[str | None] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(default=0)
    enabled: Mapped[bool] = mapped_column(default=True)
    extra: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    table: Mapped[CodeTable] = relationship(back_populates="items")

    def __str__(self) -> str:
        return self.name
