"""诚信档案: kinds of record, the list of an organization or of the platform, the records of one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.queries.search import people
from app.rules import deadlines
from app.rules.identity import mask_id_number
from app.rules.integrity import OWN_STAFF_ONLY, Category, parse_category, recordable
from app.scope import criterion_for, current_scope, scope_of
from models.account import Account
from models.certificate import Certificate
from models.dictionary import CodeItem, CodeTable
from models.integrity import IntegrityRecord
from models.organization import Organization
from models.person import Person
from models.setting import Setting

TABLE, RECORDERS = "integrity_kind", "integrity.recorders"
PAGE_SIZE = 20
MOST_FOUND = 20
_i, _person, _unit = IntegrityRecord.__table__, Person.__table__, Organization.__table__
_account, _c, _setting = Account.__table__, Certificate.__table__, Setting.__table__
_by = Organization.__table__.alias("recording")


def categories(session: Session) -> tuple[Category, ...]:
    """The kinds of record that can be chosen, in the dictionary's order."""
    table, entry = CodeTable.__table__, CodeItem.__table__
    rows = session.execute(
        select(entry.c.code, entry.c.name, entry.c.extra).join(table, table.c.id == entry.c.table_id)
        .where(table.c.code == TABLE, entry.c.enabled).order_by(entry.c.position, entry.c.id)
    )
    return tuple(found for row in rows if (found := parse_category(row.code, row.name, row.extra)) is not None)


def offered(session: Session, actor: Actor) -> tuple[Category, ...]:
    """The kinds of record that the actor's organization may make; none for anybody else."""
    if actor.organization_id is None:
        return ()
    recorders: Any = session.execute(select(_setting.c.value).where(_setting.c.key == RECORDERS)).scalar()
    may = recordable(actor.organization_kinds, recorders if isinstance(recorders, dict) else {})
    return tuple(category for category in categories(session) if category.kind in may)


def in_reach(actor: Actor) -> ColumnElement[bool]:
    """The people about whom the actor's organization may make records: its own, those whose case or certificate it handled."""
    if actor.organization_kinds and actor.organization_kinds <= OWN_STAFF_ONLY:
        return _person.c.organization_id == actor.organization_id
    certified = exists().where(
        _c.c.person_id == _person.c.id,
        or_(_c.c.issuer_id == actor.organization_id, _c.c.convener_id == actor.organization_id),
    )
    return or_(criterion_for(Person, scope_of(actor)), certified)


def find_people(session: Session, actor: Actor, text: str) -> list[tuple[int, str]]:
    """(id, “name · unit · masked number”) of people in reach, by name or initials."""
    rows = session.execute(
        select(_person.c.id, _person.c.name, _person.c.id_number, _unit.c.name.label("unit"))
        .outerjoin(_unit, _unit.c.id == _person.c.organization_id)
        .where(people(text, _person), in_reach(actor), _person.c.registered_at.is_not(None)).order_by(_person.c.id).limit(MOST_FOUND)
    )
    return [(row.id, " · ".join(part for part in (row.name, row.unit, mask_id_number(row.id_number)) if part)) for row in rows]


def person_line(session: Session, actor: Actor, person_id: int) -> tuple[int, str] | None:
    """One of them, as `find_people` shows it."""
    row = session.execute(
        select(_person.c.id, _person.c.name, _person.c.id_number, _unit.c.name.label("unit"))
        .outerjoin(_unit, _unit.c.id == _person.c.organization_id).where(_person.c.id == person_id, in_reach(actor))
    ).first()
    return (row.id, " · ".join(part for part in (row.name, row.unit, mask_id_number(row.id_number)) if part)) if row else None


def standing_on(day: dt.date) -> ColumnElement[bool]:
    """The records that count on a day."""
    return and_(_i.c.revoked_on.is_(None), _i.c.banned_from <= day, _i.c.banned_until >= day)


def barring(session: Session, person_id: int) -> Any | None:
    """The record that forbids a person applying, and being given a certificate, today (the longest one), or None."""
    return session.execute(
        select(_i).where(_i.c.person_id == person_id, _i.c.bars, standing_on(deadlines.today()))
        .order_by(_i.c.banned_until.desc(), _i.c.id).limit(1)
    ).first()


_ROW = (
    select(
        _i, _person.c.name, _person.c.id_number, _unit.c.name.label("unit"), _by.c.name.label("recorder"),
        (_account.c.last_name + _account.c.first_name).label("recorded_name"),
    )
    .join(_person, _person.c.id == _i.c.person_id)
    .outerjoin(_unit, _unit.c.id == _person.c.organization_id)
    .outerjoin(_by, _by.c.id == _i.c.organization_id)
    .outerjoin(_account, _account.c.id == _i.c.recorded_by)
)


@dataclass(frozen=True)
class IntegrityPage:
    """Newest first; `older` goes on, `newer` goes back."""

    rows: Sequence[Any]
    older: int | None
    newer: int | None


def records_page(
    session: Session, *, text: str = "", standing: bool = False, before: int | None = None, after: int | None = None
) -> IntegrityPage:
    """The records within the row scope in force, by name or initials of the person, by key."""
    statement = _ROW.where(criterion_for(IntegrityRecord, current_scope()))
    if text:
        statement = statement.where(people(text, _person))
    if standing:
        statement = statement.where(standing_on(deadlines.today()))
    if after is not None:
        found = session.execute(statement.where(_i.c.id > after).order_by(_i.c.id).limit(PAGE_SIZE + 1)).all()
        rows = list(reversed(found[:PAGE_SIZE]))
        return IntegrityPage(rows, rows[-1].id if rows else None, rows[0].id if len(found) > PAGE_SIZE else None)
    if before is not None:
        statement = statement.where(_i.c.id < before)
    found = session.execute(statement.order_by(_i.c.id.desc()).limit(PAGE_SIZE + 1)).all()
    rows = list(found[:PAGE_SIZE])
    return IntegrityPage(
        rows, rows[-1].id if len(found) > PAGE_SIZE else None, rows[0].id if before is not None and rows else None)


def record_of(session: Session, record_id: int) -> Any | None:
    """One record within the row scope in force."""
    return session.execute(_ROW.where(_i.c.id == record_id, criterion_for(IntegrityRecord, current_scope()))).first()


def of_person(session: Session, person_id: int) -> Sequence[Any]:
    """Every record of a person, newest first. Core: whoever reads the person's case may know of them."""
    return session.execute(_ROW.where(_i.c.person_id == person_id).order_by(_i.c.id.desc())).all()


def standing_of(session: Session, person_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The records that count today, by person: what reviewers are shown beside a case. One statement."""
    found: dict[int, list[Any]] = {}
    if person_ids:
        for row in session.execute(
            _ROW.where(_i.c.person_id.in_(person_ids), standing_on(deadlines.today())).order_by(_i.c.id)
        ):
            found.setdefault(row.person_id, []).append(row)
    return found
