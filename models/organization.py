"""单位 and authorities: one table, several roles; who is competent for what and where."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Key, Timestamps, Versioned, one_of
from models.region import Region
from models.series import TitleSeries

ORGANIZATION_KINDS = {
    "employer": "用人单位",
    "competent_department": "主管部门",
    "hr_department": "人社部门",
    "convener": "组建单位",
    "agency": "人才服务中心",
    "issuer": "发证机关",
}


class Organization(Timestamps, Versioned, Base):
    """A unit. `uscc` is empty for built-in units that have no 统一社会信用代码 of their own.

    Not registered: a single sign-on brought name and code, its 单位注册 is still to be filed. Until then it is not
    enabled, so that nobody finds it; `nature_code` is empty and `region_code` the province.
    """

    __tablename__ = "organization"
    __table_args__ = (
        Index("ix_organization_pinyin", "pinyin"), Index("ix_organization_name", "name"),
        CheckConstraint("is_registered OR NOT enabled", name="enabled_when_registered"),
        CheckConstraint("license_years BETWEEN 1 AND 99", name="license_years_sensible"),
    )

    name: Mapped[str] = mapped_column(String(100), unique=True)
    pinyin: Mapped[str] = mapped_column(String(100), default="")  # initials, for search
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    nature_code: Mapped[str] = mapped_column(String(20))  # dictionary unit_nature
    region_code: Mapped[str] = mapped_column(String(6), ForeignKey("region.code"), index=True)
    is_central: Mapped[bool] = mapped_column(default=False)  # 中央驻皖单位
    is_built_in: Mapped[bool] = mapped_column(default=False)
    legal_person: Mapped[str] = mapped_column(String(40), default="")
    legal_person_phone: Mapped[str] = mapped_column(String(20), default="")
    contact: Mapped[str] = mapped_column(String(40), default="")
    mobile: Mapped[str] = mapped_column(String(20), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    enabled: Mapped[bool] = mapped_column(default=True)
    is_registered: Mapped[bool] = mapped_column(default=True)
    # 单位详细信息, all optional
    fax: Mapped[str] = mapped_column(String(30), default="")
    industry_code: Mapped[str] = mapped_column(String(20), default="")  # dictionary industry_division
    status_code: Mapped[str] = mapped_column(String(20), default="1")  # dictionary unit_status: 登记在册
    economic_type_code: Mapped[str] = mapped_column(String(20), default="")  # dictionary economic_type
    tax_number: Mapped[str] = mapped_column(String(30), default="")
    license_kind_code: Mapped[str] = mapped_column(String(20), default="")  # dictionary business_license
    license_number: Mapped[str] = mapped_column(String(50), default="")
    license_issued_on: Mapped[dt.date | None]
    license_years: Mapped[int | None]
    approval_number: Mapped[str] = mapped_column(String(60), default="")
    approved_on: Mapped[dt.date | None]
    approved_by: Mapped[str] = mapped_column(String(100), default="")  # 批准成立单位

    region: Mapped[Region] = relationship()
    roles: Mapped[list[OrganizationRole]] = relationship(back_populates="organization")

    def __str__(self) -> str:
        return self.name


class OrganizationRole(Base):
    """In which role an organization works here; one organization may have several."""

    __tablename__ = "organization_role"
    __table_args__ = (UniqueConstraint("organization_id", "kind"), one_of("kind", ORGANIZATION_KINDS))

    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"))
    kind: Mapped[str] = mapped_column(Code)

    organization: Mapped[Organization] = relationship(back_populates="roles")

    def __str__(self) -> str:
        return ORGANIZATION_KINDS[self.kind]


class Jurisdiction(Base):
    """路由: `organization` acts as `kind` for a region and, for competent departments, one series or all of them."""

    __tablename__ = "jurisdiction"
    __table_args__ = (
        UniqueConstraint("organization_id", "kind", "region_code", "series_id", name="uq_jurisdiction_once"),
        Index("ix_jurisdiction_lookup", "kind", "region_code"),
        one_of("kind", ORGANIZATION_KINDS),
        CheckConstraint("kind <> 'hr_department' OR series_id IS NULL", name="hr_has_no_series"),
    )

    organization_id: Mapped[int] = mapped_column(Key, ForeignKey("organization.id"), index=True)
    kind: Mapped[str] = mapped_column(Code)
    region_code: Mapped[str] = mapped_column(String(6), ForeignKey("region.code"))
    series_id: Mapped[int | None] = mapped_column(Key, ForeignKey("title_series.id"))

    organization: Mapped[Organization] = relationship()
    region: Mapped[Region] = relationship()
    series: Mapped[TitleSeries | None] = relationship()

    def __str__(self) -> str:
        return f"{self.organization} · {ORGANIZATION_KINDS[self.kind]}"
