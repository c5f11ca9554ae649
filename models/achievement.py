"""个人业绩库: kinds of achievement as data, and the achievements people record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Json, Key, Timestamps, UtcDateTime, Versioned, one_of, utcnow
from models.organization import Organization
from models.person import Person

ACHIEVEMENT_STATES = {
    "draft": "编辑中",
    "reviewing": "审核中",
    "approved": "通过",
    "returned": "退回",
    "terminated": "终止",
}


class AchievementCategory(Base):
    """业绩类别, the first level of the tree: 基本信息, 考核表彰, …"""

    __tablename__ = "achievement_category"

    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int] = mapped_column(default=0)

    kinds: Mapped[list[AchievementKind]] = relationship(
        back_populates="category", order_by="AchievementKind.position"
    )

    def __str__(self) -> str:
        return self.name


class AchievementKind(Base):
    """A kind of item, e.g. 工作经历. Its fields live in versions; new items use the newest one."""

    __tablename__ = "achievement_kind"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    category_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_category.id"))
    position: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(500), default="")
    enabled: Mapped[bool] = mapped_column(default=True)
    # What makes two items the same: [{"scheme": "doi", "fields": ["doi"]}, …], see app.rules.identity_keys
    duplicate_keys: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)

    category: Mapped[AchievementCategory] = relationship(back_populates="kinds")
    versions: Mapped[list[AchievementKindVersion]] = relationship(
        back_populates="kind", order_by="AchievementKindVersion.number"
    )

    def __str__(self) -> str:
        return self.name


class AchievementKindVersion(Base):
    """The fields of a kind as they were at one time; never changed once an item uses it.

    `fields` is a list of {key, label, type, required, …}; `list_columns` names the fields shown in lists.
    """

    __tablename__ = "achievement_kind_version"
    __table_args__ = (UniqueConstraint("kind_id", "number"),)

    kind_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_kind.id"))
    number: Mapped[int]
    fields: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    list_columns: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)

    kind: Mapped[AchievementKind] = relationship(back_populates="versions")

    def __str__(self) -> str:
        return f"{self.kind} · 第 {self.number} 版"


class Achievement(Timestamps, Versioned, Base):
    """业绩项. `data` holds the values by field key; `organization_id` is the unit that approves it (row scope)."""

    __tablename__ = "achievement"
    __table_args__ = (
        one_of("state", ACHIEVEMENT_STATES),
        CheckConstraint("state IN ('draft', 'returned') OR submitted_at IS NOT NULL", name="submitted_once"),
        Index("ix_achievement_person_id_kind_id", "person_id", "kind_id", "state"),
        Index("ix_achievement_organization_id", "organization_id", "kind_id", "state", "id"),
        {"sqlite_autoincrement": True},  # cases and audit events name it by id: a deleted one's id is never given again
    )

    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"))
    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"))
    kind_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_kind.id"))
    kind_version_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_kind_version.id"))
    summary: Mapped[str] = mapped_column(String(200), default="")  # the line shown in lists and task names
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(Code, default="draft")
    submitted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()
    organization: Mapped[Organization | None] = relationship()
    kind: Mapped[AchievementKind] = relationship()
    kind_version: Mapped[AchievementKindVersion] = relationship()

    def __str__(self) -> str:
        return self.summary or f"{self.kind}"


class AchievementKey(Base):
    """What an item can be recognised by: “doi:10.1000/x”. Of one person, two submitted items never share a key."""

    __tablename__ = "achievement_key"
    __table_args__ = (
        UniqueConstraint("achievement_id", "key"),
        Index("ix_achievement_key_key", "key", "person_id"),
        Index("uq_achievement_key_submitted", "person_id", "key", unique=True,
              sqlite_where=text("is_submitted"), postgresql_where=text("is_submitted")),
    )

    achievement_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(200))
    is_submitted: Mapped[bool] = mapped_column(default=False)  # under review or approved


class AchievementCounter(Base):
    """How many items of a kind a unit has in a state (docs/adr/0003). Triggers on `achievement` keep it: no code writes here.

    A migration that makes `achievement` anew on SQLite makes its triggers anew too.
    """

    __tablename__ = "achievement_counter"
    __table_args__ = (
        UniqueConstraint("organization_id", "kind_id", "state", name="uq_achievement_counter_key"),
        one_of("state", [state for state in ACHIEVEMENT_STATES if state != "draft"]),
        CheckConstraint("n >= 0", name="not_negative"),
    )

    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id", ondelete="CASCADE"))
    kind_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_kind.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(Code)
    n: Mapped[int]


class AchievementRemark(Base):
    """What the unit said about one field when it returned an item; goes when the item is submitted again."""

    __tablename__ = "achievement_remark"
    __table_args__ = (UniqueConstraint("achievement_id", "field_key"),)

    achievement_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement.id", ondelete="CASCADE"))
    task_id: Mapped[int] = mapped_column(Key, ForeignKey("task.id"))
    field_key: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(500))
