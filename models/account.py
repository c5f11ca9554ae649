"""The account: FAB's user, widened by the organization it acts for and by what sign-on needs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flask_appbuilder.security.sqla.models import User as FabUser
from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Key, UtcDateTime

if TYPE_CHECKING:
    from models.organization import Organization
    from models.person import Person

PLACEHOLDER = "@account.invalid"  # FAB wants an address of every account; nobody is written to there


class Account(FabUser):
    """One account. It belongs to a person (`person`), acts for an organization (`organization`), or is staff."""

    __tablename__ = "ab_user"
    __table_args__ = (
        Index("ix_ab_user_locked_until", "locked_until", sqlite_where=text("locked_until IS NOT NULL"),
              postgresql_where=text("locked_until IS NOT NULL")),
        {"extend_existing": True},  # the one place where a class must extend FAB's table
    )

    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"), index=True)
    session_stamp: Mapped[str] = mapped_column(String(32), default="", server_default="")  # renewed: sessions end
    locked_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    must_change_password: Mapped[bool] = mapped_column(default=False)  # given by somebody else

    organization: Mapped[Organization | None] = relationship(foreign_keys=[organization_id])
    person: Mapped[Person | None] = relationship(back_populates="user", foreign_keys="Person.user_id")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The Chinese full name: family name first, no blank between."""
        return f"{self.last_name}{self.first_name}"

    @property
    def role_names(self) -> list[str]:
        """The names of its roles, sorted."""
        return sorted(role.name for role in self.roles)

    def get_id(self) -> str:
        """The session's user key; a new stamp (password change, forced end) makes older sessions foreign."""
        return f"{self.id}:{self.session_stamp}"
