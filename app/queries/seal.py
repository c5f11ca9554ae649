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
PAGE_SIZE = 20


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


def picture(session: Session, seal_id: int) -> bytes | None:
    """The PNG of a seal in use."""
    found = session.execute(select(_s.c.picture).where(_s.c.id == seal_id, _s.c.enabled)).scalar()
    return base64.b64decode(found) if found else None


@dataclass(frozen=True)
class SealPage:
    """Organizations by id; `older` goes on after its last row, `newer` back before its first."""

    rows: Sequence[Any]
    older: int | None
    newer: int | None


def listed(session: Session, *, text: str = "", after: int | None = None, before: int | None = None) -> SealPage:
    """Organizations that have a seal in use; those that `text` finds, with or without one."""
    statement = (
        select(_organization.c.id, _organization.c.name, _s.c.id.label("seal_id"), _s.c.valid_until, _s.c.created_at)
        .outerjoin(_s, (_s.c.organization_id == _organization.c.id) & _s.c.enabled)
        .where(units(text, _organization) if text else _s.c.id.is_not(None))
        .limit(PAGE_SIZE + 1)
    )
    if before is not None:
        found = session.execute(statement.where(_organization.c.id < before).order_by(_organization.c.id.desc())).all()
        rows = found[:PAGE_SIZE][::-1]
        return SealPage(rows, rows[-1].id if rows else None, rows[0].id if len(found) > PAGE_SIZE else None)
    found = session.execute(statement.where(_organization.c.id > (after or 0)).order_by(_organization.c.id)).all()
    rows = found[:PAGE_SIZE]
    return SealPage(rows, rows[-1].id if len(found) > PAGE_SIZE else None, rows[0].id if after and rows else None)
