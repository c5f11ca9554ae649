"""电子章: an organization's key and picture, encrypted at rest; set on forms when a node is passed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps, UtcDateTime
from models.encrypted import EncryptedLongText
from models.organization import Organization


class Seal(Timestamps, Base):
    """`p12`: base64 of a PKCS#12 without passphrase, `picture`: of a PNG; `certificate`: DER, public, for checking what was
    sealed long ago. At most one enabled seal per organization; disabled ones stay, so that their signatures hold.
    """

    __tablename__ = "seal"
    __table_args__ = (
        Index("uq_seal_one_enabled", "organization_id", unique=True, sqlite_where=text("enabled"), postgresql_where=text("enabled")),
    )

    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    p12: Mapped[str] = mapped_column(EncryptedLongText)
    picture: Mapped[str] = mapped_column(EncryptedLongText)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    valid_until: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    enabled: Mapped[bool] = mapped_column(default=True)

    organization: Mapped[Organization] = relationship()

    def __str__(self) -> str:
        return self.name
