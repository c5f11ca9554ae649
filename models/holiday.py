"""节假日: days on which the week's rule does not hold, as the State Council announces them; staff add the coming years."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Holiday(Base):
    """One day that is off although a weekday, or worked (调休上班) although a weekend."""

    __tablename__ = "holiday"

    day: Mapped[dt.date] = mapped_column(unique=True)
    is_workday: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(40), default="")

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.name}"
