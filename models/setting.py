"""Settings that staff change without a release: templates of numbers, limits, texts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Json, Timestamps, Versioned


class Setting(Timestamps, Versioned, Base):
    """One named value, e.g. `certificate.number_template`."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(80), unique=True)
    value: Mapped[Any] = mapped_column(Json)
    label: Mapped[str] = mapped_column(String(120))
    names: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")  # what screens call the value's keys, in order

    @property
    def named_value(self) -> tuple[Any, dict[str, str]]:
        """The value with the names of its keys."""
        return self.value, self.names or {}

    def __str__(self) -> str:
        return self.label
