"""Documents: forms of applications and requests, archives of many. Kept by their content's key, or growing by seals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Json, Key, Timestamps, one_of
from models.file import StoredFile

DOCUMENT_STATES = {"waiting": "正在生成", "made": "已生成", "failed": "生成失败"}


class Document(Timestamps, Base):
    """One form. Whoever may see the subject may see it; a draft is its person's alone.

    `cache_key`: digest of what is printed + hash of the template; of a form that grows by seals it names the submission,
    and `marks` say what stands on it (app.reports.growth). While such a form waits, `file_id` is the form before.
    `organization_id`: the only organization that may see it (an archive of a plan); empty: see above. `done` of
    `total`: progress of an archive.
    """

    __tablename__ = "document"
    __table_args__ = (
        one_of("state", DOCUMENT_STATES),
        UniqueConstraint("kind", "subject_type", "subject_id", "cache_key"),
        CheckConstraint("state <> 'made' OR file_id IS NOT NULL", name="made_with_file"),
        CheckConstraint("done >= 0 AND done <= total", name="progress_in_bounds"),
        Index("ix_document_subject", "subject_type", "subject_id", "kind"),
        Index("ix_document_file_id", "file_id"),
        {"sqlite_autoincrement": True},  # addresses name it by id: never given again
    )

    kind: Mapped[str] = mapped_column(Code)
    subject_type: Mapped[str] = mapped_column(Code)
    subject_id: Mapped[int] = mapped_column(Key)
    run: Mapped[int] = mapped_column(default=0)  # of the submission; 0: what is being edited
    is_draft: Mapped[bool] = mapped_column(default=False)
    cache_key: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(Code, default="waiting")
    error: Mapped[str] = mapped_column(String(300), default="")
    marks: Mapped[list[Any]] = mapped_column(Json, default=list)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=1)
    person_id: Mapped[int | None] = mapped_column(Key, ForeignKey("person.id"))
    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"))
    file_id: Mapped[int | None] = mapped_column(Key, ForeignKey("stored_file.id"))

    file: Mapped[StoredFile | None] = relationship()
