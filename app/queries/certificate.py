"""Certificates as the holder lists them, as the public verifies them, as the renderer prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.application import Application
from models.certificate import Certificate
from models.file import StoredFile
from models.person import Person

PAGE_SIZE = 20
_application, _certificate, _file = Application.__table__, Certificate.__table__, StoredFile.__table__
_person = Person.__table__
_successor = Certificate.__table__.alias("successor")
_PUBLIC = select(
    _certificate.c.number, _certificate.c.holder_name, _certificate.c.series_name, _certificate.c.specialty_name,
    _certificate.c.title_name, _certificate.c.level_name, _certificate.c.acquired_on, _certificate.c.issued_on,
    _certificate.c.issuer_name, _certificate.c.committee_name, _certificate.c.state, _certificate.c.revoked_on,
    _successor.c.number.label("successor"),
).outerjoin(_successor, _successor.c.replaces_id == _certificate.c.id)


def certificates_of(session: Session, person_id: int) -> Sequence[Certificate]:
    """我的职称: newest first, under the row scope in force."""
    return session.scalars(
        select(Certificate).where(Certificate.person_id == person_id).order_by(Certificate.id.desc())
    ).all()


def replaced_by(session: Session, certificate_id: int) -> Any | None:
    """The certificate that replaced this one (id, number), or None."""
    return session.execute(
        select(_certificate.c.id, _certificate.c.number).where(_certificate.c.replaces_id == certificate_id)
    ).first()


def certificate_exists(session: Session, application_id: int) -> bool:
    """Whether an application has its certificate: its last approval stands then. Core: no scope is in its way."""
    return session.execute(
        select(_certificate.c.id).where(_certificate.c.application_id == application_id)
    ).first() is not None


def public_view(session: Session, number: str) -> Any | None:
    """What the public verification page may know of a certificate (a mapping), or None.

    Core on purpose: the page has no row scope, so it names the few columns it shows. `successor`: the number of the one that
    replaced it.
    """
    return session.execute(_PUBLIC.where(_certificate.c.number == number)).mappings().first()


def certificate_of_file(session: Session, sha256: str) -> Any | None:
    """The certificate (a mapping as `public_view` gives) whose file is, byte for byte, the one with this digest; or None."""
    return session.execute(
        _PUBLIC.join(_file, _file.c.id == _certificate.c.file_id).where(_file.c.sha256 == sha256)
    ).mappings().first()


def certificates_of_plan(session: Session, plan_id: int) -> list[int]:
    """The certificates of a plan that hold and have their file, by number."""
    return list(session.execute(
        select(_certificate.c.id).join(_application, _application.c.id == _certificate.c.application_id)
        .where(_application.c.plan_id == plan_id, _certificate.c.state == "valid", _certificate.c.file_id.is_not(None))
        .order_by(_certificate.c.number)
    ).scalars())


def to_render(session: Session, certificate_id: int) -> Certificate | None:
    """A certificate with its holder and photo loaded, for the renderer."""
    return session.scalars(
        select(Certificate)
        .options(joinedload(Certificate.person).joinedload(Person.photo))
        .where(Certificate.id == certificate_id)
    ).first()


@dataclass(frozen=True)
class CertificatePage:
    """Newest first; `older` goes on, `newer` goes back."""

    rows: Sequence[Certificate]
    older: int | None
    newer: int | None


def issued_page(
    session: Session, *, organization_id: int, text: str, before: int | None, after: int | None
) -> CertificatePage:
    """证书管理: certificates an organization issued or convened, by key."""
    statement = select(Certificate).where(
        (Certificate.issuer_id == organization_id) | (Certificate.convener_id == organization_id)
    )
    if text:
        statement = statement.where(
            Certificate.number.startswith(text.upper(), autoescape=True)
            | Certificate.holder_name.startswith(text, autoescape=True)
        )
    if after is not None:
        found = session.scalars(
            statement.where(Certificate.id > after).order_by(Certificate.id).limit(PAGE_SIZE + 1)
        ).all()
        rows = list(reversed(found[:PAGE_SIZE]))
        return CertificatePage(
            rows, older=rows[-1].id if rows else None, newer=rows[0].id if len(found) > PAGE_SIZE else None
        )
    if before is not None:
        statement = statement.where(Certificate.id < before)
    found = session.scalars(statement.order_by(Certificate.id.desc()).limit(PAGE_SIZE + 1)).all()
    rows = list(found[:PAGE_SIZE])
    return CertificatePage(
        rows, older=rows[-1].id if len(found) > PAGE_SIZE else None,
        newer=rows[0].id if before is not None and rows else None,
    )


def without_photo(session: Session, certificates: Sequence[Certificate]) -> set[int]:
    """Ids of those of `certificates` that wait for a file because their holder has no photo."""
    waiting = [certificate.id for certificate in certificates if certificate.file_id is None]
    if not waiting:
        return set()
    return set(session.scalars(
        select(_certificate.c.id).join(_person, _person.c.id == _certificate.c.person_id)
        .where(_certificate.c.id.in_(waiting), _person.c.photo_id.is_(None))))
