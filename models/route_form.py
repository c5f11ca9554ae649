"""破格审批表 and 转评申报表: what an application of that 申报形式 fills in besides, as data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Json, one_of
from models.plan import ROUTES


class RouteForm(Base):
    """`fields`: list of {key, label, type, required, …} that one 申报形式 adds; a form without fields asks for nothing."""

    __tablename__ = "route_form"
    __table_args__ = (one_of("route", ROUTES),)

    route: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(300), default="")
    fields: Mapped[list[dict[str, Any]]] = mapped_column(Json)

    def __str__(self) -> str:
        return self.name
