"""By which identities of single sign-on an account is entered."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, UtcDateTime, utcnow

if TYPE_CHECKING:
    from models.account import Account


class AccountIdentity(Base):
    """A provider's subject. Names, mails and user names of the provider identify nobody."""

    __tablename__ = "account_identity"
    __table_args__ = (
        UniqueConstraint("provider", "subject"),
        UniqueConstraint("account_id", "provider"),
    )

    account_id: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))
    provider: Mapped[str] = mapped_column(String(32))  # key of OIDC_PROVIDERS
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)

    account: Mapped[Account] = relationship()
