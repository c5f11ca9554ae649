"""申报形式: what an application of that route fills in besides (破格审批表, 转评申报表) and which checks it is not asked for, as data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Json, one_of
from models.plan import ROUTES


class RouteForm(Base):
    """`fields`: list of {key, label, type, required, …} that one 申报形式 adds; a form without fields asks for nothing.

    `waives`: ids of rules of 开始检测 that do not apply to it, of those a plan may set (app.rules.check_settings).
    """

    __tablename__ = "route_form"
    __table_args__ = (one_of("route", ROUTES),)

    route: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(300), default="")
    fields: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    waives: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")

    def __str__(self) -> str:
        return self.name
