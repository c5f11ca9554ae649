"""属地: the tree province / city / county, by the codes of GB/T 2260."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, one_of

REGION_LEVELS = {"province": "省", "city": "市", "county": "县（市、区）"}


class Region(Base):
    """A region; `path` is the slash-joined codes from the province down, so that "below" is a prefix search."""

    __tablename__ = "region"
    __table_args__ = (one_of("level", REGION_LEVELS), Index("ix_region_path", "path"))

    code: Mapped[str] = mapped_column(String(6), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(Code)
    parent_code: Mapped[str | None] = mapped_column(String(6), ForeignKey("region.code"))
    path: Mapped[str] = mapped_column(String(20))
    enabled: Mapped[bool] = mapped_column(default=True)

    parent: Mapped[Region | None] = relationship(remote_side="Region.code")

    def __str__(self) -> str:
        return self.name
