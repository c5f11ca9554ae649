"""附件: stored files and where they are attached."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Key, UtcDateTime, utcnow


class StoredFile(Base):
    """A file in the store. `key` is random and names the object; `sha256` is of the stored bytes.

    The owner columns carry the row scope of files that are not attached to anything yet.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        CheckConstraint("size > 0", name="not_empty"),
        Index("ix_stored_file_sha256", "sha256"),
        Index("ix_stored_file_person_id", "person_id"),
        {"sqlite_autoincrement": True},  # audit events name it by id: a deleted one's id is never given again
    )

    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))  # as the user named it; never used as a path
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    long_edge: Mapped[int | None]  # of a picture, in pixels
    sharpness: Mapped[int | None]  # of a picture: app.rules.picture_clarity
    uploaded_by: Mapped[int | None] = mapped_column(Key, ForeignKey("ab_user.id"))
    person_id: Mapped[int | None] = mapped_column(Key, ForeignKey("person.id", use_alter=True))
    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)


class Attachment(Base):
    """A file's place: subject (`achievement`, `application`, …), slot, order and display name.

    A file may be attached at several places (an achievement and the submission that froze it).
    """

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("subject_type", "subject_id", "slot", "file_id", name="uq_attachment_once"),
        Index("ix_attachment_subject", "subject_type", "subject_id", "slot", "position"),
        Index("ix_attachment_file_id", "file_id"),
        {"sqlite_autoincrement": True},  # addresses name it by id: never given again
    )

    file_id: Mapped[int] = mapped_column(Key, ForeignKey("stored_file.id"))
    subject_type: Mapped[str] = mapped_column(Code)
    subject_id: Mapped[int] = mapped_column(Key)
    slot: Mapped[str] = mapped_column(String(60), default="attachments")
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int | None] = mapped_column(Key, ForeignKey("person.id"))  # whose, for row scope
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)

    file: Mapped[StoredFile] = relationship()
