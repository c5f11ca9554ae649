"""Items brought in from an Excel file: the file's rows, what is wrong with each, and what became of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.achievement import AchievementKind, AchievementKindVersion
from models.base import Base, Code, Json, Key, Timestamps, Versioned, one_of

IMPORT_STATES = {
    "checking": "正在核对", "ready": "等待确认", "importing": "正在导入", "done": "已导入", "failed": "导入失败",
}
ROW_VERDICTS = {"": "未核对", "good": "正确", "incomplete": "待补充", "wrong": "有误"}


class AchievementImport(Timestamps, Versioned, Base):
    """One file. `mode`: good (the right rows) or all (incomplete ones too, as drafts to complete)."""

    __tablename__ = "achievement_import"
    __table_args__ = (
        one_of("state", IMPORT_STATES),
        CheckConstraint("checked <= total AND imported <= total", name="within_total"),
        Index("ix_achievement_import_person_id", "person_id", "id"),
    )

    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"))
    kind_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_kind.id"))
    kind_version_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_kind_version.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(Code, default="checking")
    mode: Mapped[str] = mapped_column(Code, default="")
    total: Mapped[int] = mapped_column(default=0)
    checked: Mapped[int] = mapped_column(default=0)
    good: Mapped[int] = mapped_column(default=0)
    incomplete: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)

    kind: Mapped[AchievementKind] = relationship()
    kind_version: Mapped[AchievementKindVersion] = relationship()


class AchievementImportRow(Base):
    """One row of the file: its number there, its cells and what is wrong by field key."""

    __tablename__ = "achievement_import_row"
    __table_args__ = (
        one_of("verdict", ROW_VERDICTS),
        UniqueConstraint("import_id", "number"),
    )

    import_id: Mapped[int] = mapped_column(Key, ForeignKey("achievement_import.id", ondelete="CASCADE"))
    number: Mapped[int]
    cells: Mapped[dict[str, Any]] = mapped_column(Json)
    verdict: Mapped[str] = mapped_column(Code, default="")
    errors: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    achievement_id: Mapped[int | None] = mapped_column(Key)  # what it became; that may be deleted later
