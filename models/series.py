"""职称系列, 专业, 级别 and 资格名称: what a person can be titled."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key


class TitleLevel(Base):
    """正高级 … 员级. `rank` orders them (5 is highest); `label` is the level as the screens name it (初级 covers two)."""

    __tablename__ = "title_level"

    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    label: Mapped[str] = mapped_column(String(20))
    rank: Mapped[int] = mapped_column(unique=True)
    number_code: Mapped[str] = mapped_column(String(2))  # its two digits inside a certificate number

    def __str__(self) -> str:
        return self.name


class TitleSeries(Base):
    """One of the 27 series. `number_code` is its two digits inside a certificate number."""

    __tablename__ = "title_series"

    code: Mapped[str] = mapped_column(String(4), unique=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    number_code: Mapped[str] = mapped_column(String(2), unique=True)
    note: Mapped[str] = mapped_column(String(255), default="")
    enabled: Mapped[bool] = mapped_column(default=True)

    titles: Mapped[list[Title]] = relationship(back_populates="series")
    specialties: Mapped[list[Specialty]] = relationship(back_populates="series")

    def __str__(self) -> str:
        return self.name


class Title(Base):
    """资格名称, e.g. 高级教师: a level of a track of a series."""

    __tablename__ = "title"
    __table_args__ = (UniqueConstraint("series_id", "track", "level_id", "name"),)

    series_id: Mapped[int] = mapped_column(Key, ForeignKey("title_series.id"), index=True)
    level_id: Mapped[int] = mapped_column(Key, ForeignKey("title_level.id"))
    track: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(40))
    enabled: Mapped[bool] = mapped_column(default=True)

    series: Mapped[TitleSeries] = relationship(back_populates="titles")
    level: Mapped[TitleLevel] = relationship()

    def __str__(self) -> str:
        return self.name


class Specialty(Base):
    """专业 within a series, e.g. 高中数学."""

    __tablename__ = "specialty"
    __table_args__ = (UniqueConstraint("series_id", "name"),)

    series_id: Mapped[int] = mapped_column(Key, ForeignKey("title_series.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    enabled: Mapped[bool] = mapped_column(default=True)

    series: Mapped[TitleSeries] = relationship(back_populates="specialties")

    def __str__(self) -> str:
        return self.name
