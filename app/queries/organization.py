"""Finding units by name, code or pinyin initials, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.organization import Organization, OrganizationRole

LIMIT = 20


def search_organizations(
    session: Session, *, text: str, kinds: Sequence[str] = ("employer",), limit: int = LIMIT
) -> Sequence[Organization]:
    """Enabled organizations in one of the roles whose name, credit code or initials match; at most `limit`."""
    words = text.strip()
    if not words:
        return []
    role = OrganizationRole
    return session.scalars(
        select(Organization)
        .where(
            Organization.enabled.is_(True),
            Organization.id.in_(select(role.organization_id).where(role.kind.in_(kinds))),
            or_(
                Organization.name.contains(words, autoescape=True),
                Organization.uscc == words.upper(),
                Organization.pinyin.startswith(words.lower(), autoescape=True),
            ),
        )
        .order_by(Organization.name).limit(limit)
    ).all()
