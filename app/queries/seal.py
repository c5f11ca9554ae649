"""Seals in use, by organization; the certificates by which a sealed file is checked."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.queries.search import units
from models.base import utcnow
from models.organization import Organization
from models.seal import Seal

_s, _organization = Seal.__table__, Organization.__table__


@dataclass(frozen=True)
class Material:
    """What setting one seal needs, decrypted."""

    p12: bytes
    picture: bytes


def in_use(session: Session, organization_ids: Iterable[int]) -> dict[int, int]:
    """Organization -> its enabled seal whose certificate has not run out."""
    wanted = sorted(set(organization_ids))
    if not wanted:
        return {}
    rows = session.execute(
        select(_s.c.organization_id, _s.c.id).where(
            _s.c.organization_id.in_(wanted), _s.c.enabled, _s.c.valid_until > utcnow())
    )
    return {row.organization_id: row.id for row in rows}


def material(session: Session, seal_id: int) -> Material:
    """The key and the picture of a seal. Never leaves the process that seals."""
    row = session.execute(select(_s.c.p12, _s.c.picture).where(_s.c.id == seal_id)).one()
    return Material(base64.b64decode(row.p12), base64.b64decode(row.picture))


def known_certificates(session: Session) -> list[bytes]:
    """DER of every seal's certificate, retired ones included."""
    return list(session.execute(select(_s.c.certificate).order_by(_s.c.id)).scalars())


def listed(session: Session, *, text: str = "") -> Sequence[Any]:
    """Organizations that can have a seal on a form (authorities, and units by name), with the seal in use."""
    statement = (
        select(_organization.c.id, _organization.c.name, _s.c.id.label("seal_id"), _s.c.valid_until, _s.c.created_at)
        .outerjoin(_s, (_s.c.organization_id == _organization.c.id) & _s.c.enabled)
    )
    if text:
        statement = statement.where(units(text, _organization))
    else:
        statement = statement.where(_s.c.id.is_not(None))
    return session.execute(statement.order_by(_organization.c.id).limit(50)).all()


