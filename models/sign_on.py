"""A single sign-on under way: what was sent to the provider, kept here and not in the browser."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Key, UtcDateTime, one_of, utcnow
from models.encrypted import EncryptedText

SIGN_ON_STATES = ("begun", "answered", "proving", "closed")


class SealedText(EncryptedText):
    """Encrypted text of any length."""

    impl = Text  # type: ignore[assignment]  # any text type will do
    cache_ok = True


class SignOn(Base):
    """One attempt. begun → answered (its one answer came) → proving (an account of the same ID number or code exists,
    its password is asked) → closed. Digests are SHA-256 of random values that only the browser has.
    """

    __tablename__ = "sign_on"
    __table_args__ = (one_of("state", SIGN_ON_STATES), Index("ix_sign_on_expires_at", "expires_at"))

    state_digest: Mapped[str] = mapped_column(String(64), unique=True)
    browser_digest: Mapped[str] = mapped_column(String(64))
    provider: Mapped[str] = mapped_column(String(32))
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(SealedText)
    next_path: Mapped[str] = mapped_column(String(500), default="/")
    account_id: Mapped[int | None] = mapped_column(Key, ForeignKey("ab_user.id"))  # signed in already: to be linked
    state: Mapped[str] = mapped_column(Code, default="begun")
    identity: Mapped[str | None] = mapped_column(SealedText)  # JSON, while proving
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
