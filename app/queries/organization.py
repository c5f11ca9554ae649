"""Finding units by name, code or pinyin initials, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.queries.search import units
from models.organization import Organization, OrganizationRole

LIMIT = 20


def search_organizations(
    session: Session, *, text: str, kinds: Sequence[str] = ("employer",), limit: int = LIMIT
) -> Sequence[Organization]:
    """Enabled organizations in one of the roles whose name, credit code or initials match; at most `limit`."""
    if not text.strip():
        return []
    role = OrganizationRole
    return session.scalars(
        select(Organization)
        .where(
            Organization.enabled.is_(True),
            exists().where(role.organization_id == Organization.id, role.kind.in_(kinds)),
            units(text),
        )
        .order_by(func.length(Organization.name), Organization.name).limit(limit)  # the whole name before longer ones
    ).all()
