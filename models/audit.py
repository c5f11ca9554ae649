"""The audit trail: append-only rows, each carrying the hash of its subject's row before."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Json, Key, UtcDateTime, utcnow


class AuditEvent(Base):
    """Who did what to which subject. (subject, seq) is unique, so a chain cannot fork under concurrency.

    `hash` = SHA-256 over the row's canonical content and `previous_hash`; triggers refuse UPDATE and DELETE.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("subject_type", "subject_id", "seq", name="uq_audit_event_chain"),
        Index("ix_audit_event_actor_id", "actor_id", "id"),
    )

    subject_type: Mapped[str] = mapped_column(Code)
    subject_id: Mapped[int] = mapped_column(Key)
    seq: Mapped[int]
    event: Mapped[str] = mapped_column(String(60))  # a member of app.audit.Event
    actor_id: Mapped[int | None] = mapped_column(Key)  # no foreign key: the trail outlives accounts
    actor_name: Mapped[str] = mapped_column(String(60))
    organization_id: Mapped[int | None] = mapped_column(Key)
    origin: Mapped[str] = mapped_column(String(60), default="")  # client address, or "job", "cli"
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditAnchor(Base):
    """A periodic digest over the heads of all chains: finds rows cut off at a chain's end."""

    __tablename__ = "audit_anchor"

    at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    last_event_id: Mapped[int] = mapped_column(Key)
    events: Mapped[int]  # how many events with id <= last_event_id
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 over their hashes in order of id
    previous_digest: Mapped[str] = mapped_column(String(64))
