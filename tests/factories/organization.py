"""Regions and organizations."""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
from models.dictionary import CodeItem, CodeTable
from models.organization import Jurisdiction, Organization, OrganizationRole
from models.region import Region
from tests.factories.rows import save, serial


def region(code: str = "340100", name: str = "合肥市", level: str = "city", parent: str | None = None) -> str:
    """A region by its code; made when it is not there yet."""
    table = Region.__table__
    if db.session.execute(select(table.c.id).where(table.c.code == code)).first() is None:
        save(Region(code=code, name=name, level=level, parent_code=parent, path=f"{parent}/{code}" if parent else code))
    db.session.rollback()
    return code


def organization(
    name: str | None = None, *, kinds: tuple[str, ...] = ("employer",), region_code: str = "340100",
    nature_code: str = "institution",
) -> int:
    """An organization working in `kinds` (models.organization.ORGANIZATION_KINDS)."""
    region(region_code)
    made = save(Organization(name=name or f"单位{serial()}", nature_code=nature_code, region_code=region_code))
    for kind in kinds:
        save(OrganizationRole(organization_id=made, kind=kind))
    return made


def jurisdiction(organization_id: int, kind: str, *, region_code: str = "340100", series_id: int | None = None) -> int:
    """The organization acts as `kind` for the region (and series)."""
    region(region_code)
    return save(Jurisdiction(
        organization_id=organization_id, kind=kind, region_code=region_code, series_id=series_id,
    ))


def unit_dictionaries() -> None:
    """The regions down to 蜀山区 and a few entries of each dictionary that forms of units offer; 98 is disabled."""
    region("340000", "安徽省", "province")
    region("340100", "合肥市", "city", "340000")
    save(Region(code="340104", name="蜀山区", level="county", parent_code="340100", path="340000/340100/340104"))
    for table, entries in {
        "unit_nature": [("10", "企业", "0", True), ("11", "国有企业", "0", True), ("50", "事业单位", "1", True),
                        ("98", "旧性质", "0", False)],
        "industry_division": [("65", "软件和信息技术服务业", "", True)],
        "unit_status": [("1", "登记在册", "", True), ("2", "吊销", "", True)],
        "economic_type": [("151", "国有独资（公司）", "", True)],
        "business_license": [("2", "营业执照", "", True)],
    }.items():
        table_id = save(CodeTable(code=table, name=table))
        for position, (code, name, quota, enabled) in enumerate(entries):
            save(CodeItem(table_id=table_id, code=code, name=name, position=position, enabled=enabled,
                          extra={"needs_post_quota": quota} if quota else {}))
