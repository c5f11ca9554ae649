"""专业信息: the fields of 基本信息 that a series adds, as data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, Key
from models.series import TitleSeries


class SeriesForm(Base):
    """`fields`: list of {key, label, type, required, …} for one series; `series_id` empty: common 个人信息."""

    __tablename__ = "series_form"

    series_id: Mapped[int | None] = mapped_column(Key, ForeignKey("title_series.id"), unique=True)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(Json)

    series: Mapped[TitleSeries | None] = relationship()

    def __str__(self) -> str:
        return str(self.series) if self.series else "通用个人信息"
