"""扫码登录: a code on a desktop, confirmed by a phone that is signed in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Key, UtcDateTime, one_of, utcnow

QR_SIGN_IN_STATES = {"waiting": "等待扫码确认", "confirmed": "已确认", "refused": "已拒绝", "used": "已使用"}


class QrSignIn(Base):
    """One code. waiting → confirmed or refused; confirmed → used, by the browser that shows it and nobody else."""

    __tablename__ = "qr_sign_in"
    __table_args__ = (
        one_of("state", QR_SIGN_IN_STATES),
        CheckConstraint("(state IN ('confirmed', 'used')) = (account_id IS NOT NULL)", name="confirmed_by_somebody"),
        Index("ix_qr_sign_in_expires_at", "expires_at"),
        Index("ix_qr_sign_in_origin", "origin", "expires_at"),
    )

    code_digest: Mapped[str] = mapped_column(String(64), unique=True)
    browser_digest: Mapped[str] = mapped_column(String(64))
    check_digits: Mapped[str] = mapped_column(String(4))  # shown on both screens, to be compared
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    origin: Mapped[str] = mapped_column(String(45))
    state: Mapped[str] = mapped_column(Code, default="waiting")
    account_id: Mapped[int | None] = mapped_column(Key, ForeignKey("ab_user.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
