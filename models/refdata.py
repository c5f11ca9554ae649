"""What the loader of reference data wrote, so that a later load tells its own rows from those staff changed."""

from __future__ import annotations

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class LoadedRow(Base):
    """One loaded row: its table, its natural key, and the SHA-256 of the values as they were loaded.

    A row whose values still have this digest is the loader's to update; any other belongs to the staff.
    """

    __tablename__ = "refdata_row"
    __table_args__ = (UniqueConstraint("table_name", "key", name="uq_refdata_row_key"),)

    table_name: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
