"""The engine's tables: a Case per submission run, a Task per node visit, counters of the inboxes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Json, Key, UtcDateTime, Versioned, one_of, utcnow
from models.organization import Organization
from models.person import Person

CASE_STATES = {
    "open": "审核中",
    "approved": "审核通过",
    "returned": "被退回",
    "terminated": "终止",
    "withdrawn": "已撤回",
}
TASK_STATES = {
    "open": "审核中",
    "approved": "通过",
    "returned": "退回",
    "terminated": "终止",
    "withdrawn": "已撤回",
}


class Case(Versioned, Base):
    """One run of a procedure over one subject. `route` is the list of stops fixed at the start:
    [{"node": "employer", "organization_id": 3, "organization": "合肥市第八中学"}, …].
    """

    __tablename__ = "case"
    __table_args__ = (
        one_of("state", CASE_STATES),
        UniqueConstraint("subject_type", "subject_id", "run"),
        Index("uq_case_one_open", "subject_type", "subject_id", unique=True, sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_when_closed"),
        Index("ix_case_person_id", "person_id", "id"),
        Index("ix_case_employer_id", "employer_id", "id"),
    )

    procedure: Mapped[str] = mapped_column(Code)
    procedure_version: Mapped[int] = mapped_column(default=1)
    subject_type: Mapped[str] = mapped_column(Code)
    subject_id: Mapped[int] = mapped_column(Key)
    run: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(String(200))  # 流程名称
    person_id: Mapped[int | None] = mapped_column(Key, ForeignKey("person.id"))
    employer_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"))
    state: Mapped[str] = mapped_column(Code, default="open")
    node: Mapped[str] = mapped_column(Code)  # where the case stands
    route: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    started_by: Mapped[int] = mapped_column(Key, ForeignKey("ab_user.id"))
    started_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person | None] = relationship()
    employer: Mapped[Organization | None] = relationship(foreign_keys=[employer_id])
    tasks: Mapped[list[Task]] = relationship(back_populates="case", order_by="Task.seq")

    def __str__(self) -> str:
        return self.title


class Task(Versioned, Base):
    """One visit of a case at a node of one organization. Decided tasks are the history and stay as they are.

    `procedure`, `title` and `person_id` repeat the case's, so that the inbox reads one table.
    """

    __tablename__ = "task"
    __table_args__ = (
        one_of("state", TASK_STATES),
        UniqueConstraint("case_id", "seq"),
        Index("uq_task_one_open", "case_id", unique=True, sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_when_closed"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_at IS NULL)", name="claimed_with_time"),
        Index("ix_task_open", "organization_id", "claimed_by", "id", sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
        Index("ix_task_history", "organization_id", "id", "state", "decided_by"),  # every tab but the open ones
        Index("ix_task_subject", "subject_type", "subject_id", "organization_id"),
    )

    case_id: Mapped[int] = mapped_column(Key, ForeignKey("case.id"))
    seq: Mapped[int]
    stop: Mapped[int]  # index into the case's route
    node: Mapped[str] = mapped_column(Code)
    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    procedure: Mapped[str] = mapped_column(Code)
    subject_type: Mapped[str] = mapped_column(Code)
    subject_id: Mapped[int] = mapped_column(Key)
    title: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int | None] = mapped_column(Key, ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(Code, default="open")
    claimed_by: Mapped[int | None] = mapped_column(Key, ForeignKey("ab_user.id"))
    claimed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    arrived_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(Key, ForeignKey("ab_user.id"))
    opinion: Mapped[str] = mapped_column(Text, default="")

    case: Mapped[Case] = relationship(back_populates="tasks")
    organization: Mapped[Organization] = relationship()

    def __str__(self) -> str:
        return self.title


class TaskCounter(Base):
    """How many tasks stand in each pile of an organization, kept by the engine in the deciding transaction.

    `pile`: waiting (open, unclaimed), claimed (open, by `user_id`), returned or decided otherwise (by `user_id`).
    `user_id` 0: nobody.
    """

    __tablename__ = "task_counter"
    __table_args__ = (
        UniqueConstraint("organization_id", "procedure", "pile", "user_id", name="uq_task_counter_key"),
        one_of("pile", ("waiting", "claimed", "returned", "decided")),
        CheckConstraint("n >= 0", name="not_negative"),
    )

    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    procedure: Mapped[str] = mapped_column(Code)
    pile: Mapped[str] = mapped_column(Code)
    user_id: Mapped[int] = mapped_column(Key, default=0)
    n: Mapped[int] = mapped_column(default=0)
