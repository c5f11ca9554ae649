"""Background work: the outbox row is the truth. Written in the business transaction, leased by workers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Json, UtcDateTime, one_of, utcnow

JOB_STATES = {"waiting": "等待", "running": "执行中", "done": "完成", "failed": "失败"}


class Job(Base):
    """One piece of work. `key` makes enqueuing idempotent; a lease that ran out makes the row claimable again."""

    __tablename__ = "job"
    __table_args__ = (
        one_of("state", JOB_STATES),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="leased_when_running"),
        Index("ix_job_due", "state", "run_after", "id", sqlite_where=text("state IN ('waiting', 'running')"),
              postgresql_where=text("state IN ('waiting', 'running')")),
        Index("ix_job_state_id", "state", "id"),
    )

    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(160), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(Code, default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=5)
    run_after: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    leased_by: Mapped[str] = mapped_column(String(80), default="")  # the token of one claim, never used twice
    relayed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # its id was last sent to the message broker
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
