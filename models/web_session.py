"""Server-side sessions: what a browser's cookie points at."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, UtcDateTime, utcnow


class WebSession(Base):
    """One signed-in browser. Deleted at logout; swept when `expires_at` has passed."""

    __tablename__ = "web_session"
    __table_args__ = (
        Index("ix_web_session_expires_at", "expires_at"), Index("ix_web_session_account_id", "account_id"),
    )

    session_id: Mapped[str] = mapped_column(String(255), unique=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    account_id: Mapped[int | None] = mapped_column(Key)  # no foreign key: rows live hours, accounts are never deleted
    origin: Mapped[str] = mapped_column(String(45), default="", server_default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="", server_default="")
    created_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=utcnow)
