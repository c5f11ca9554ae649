"""Regions and organizations."""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
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
