"""现有职称情况 of an application as facts, and the vocabularies its form offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.rules.checks_material import AppointmentFacts, FileRef, HeldTitleFacts
from models.dictionary import CodeItem, CodeTable
from models.held_title import Appointment, HeldTitle
from models.series import TitleLevel

_held, _appointment, _level = HeldTitle.__table__, Appointment.__table__, TitleLevel.__table__
_entry, _table = CodeItem.__table__, CodeTable.__table__
_BY_APPLICATION = (
    select(
        _held, _level.c.name.label("level_name"), _level.c.rank, _entry.c.name.label("acquisition_name"),
        _appointment.c.id.label("appointment_id"), _appointment.c.name, _appointment.c.employer_name.label("appointed_by"),
        _appointment.c.starts_on, _appointment.c.ends_on, _appointment.c.to_present,
    )
    .join(_level, _level.c.id == _held.c.level_id)
    .outerjoin(_table, _table.c.code == "acquisition")
    .outerjoin(_entry, (_entry.c.table_id == _table.c.id) & (_entry.c.code == _held.c.acquisition_code))
    .outerjoin(_appointment, _appointment.c.held_title_id == _held.c.id)
    .order_by(_held.c.position, _held.c.id, _appointment.c.position)
)


def held_titles(
    session: Session, application_id: int, files: Mapping[int, Sequence[FileRef]]
) -> tuple[HeldTitleFacts, ...]:
    """The titles in the applicant's order, each with its appointments and its evidence (`files` by title); one query."""
    rows: Sequence[Any] = session.execute(_BY_APPLICATION.where(_held.c.application_id == application_id)).all()
    first: dict[int, Any] = {}
    appointments: dict[int, list[AppointmentFacts]] = defaultdict(list)
    for row in rows:
        first.setdefault(row.id, row)
        if row.appointment_id is not None:
            appointments[row.id].append(
                AppointmentFacts(row.name, row.appointed_by, row.starts_on, row.ends_on, row.to_present)
            )
    return tuple(
        HeldTitleFacts(
            key, row.version, row.acquisition_code, row.acquisition_name or row.acquisition_code, row.certificate_number,
            row.employer_name, row.series_name, row.specialty_name, row.title_name, row.level_id, row.level_name,
            row.rank, row.committee_name, row.reviewed_on, row.issuer_name, row.issued_on, row.from_elsewhere,
            tuple(appointments[key]), tuple(files.get(key, ())),
        )
        for key, row in first.items()
    )


def choices(session: Session) -> dict[str, dict[str, str]]:
    """What the form offers: 职称取得方式 by code, 职称级别 by id, highest first. Two queries."""
    ways = session.execute(
        select(_entry.c.code, _entry.c.name).join(_table, _table.c.id == _entry.c.table_id)
        .where(_table.c.code == "acquisition", _entry.c.enabled).order_by(_entry.c.position)
    )
    levels = session.execute(select(_level.c.id, _level.c.name).order_by(_level.c.rank.desc()))
    return {
        "acquisition": {row.code: row.name for row in ways}, "ref:level": {str(row.id): row.name for row in levels},
    }


def codes(session: Session, held: Row[Any] | None = None) -> Callable[[str], Collection[str]]:
    """The codes a form may have; what the title has already stays allowed."""
    offered = choices(session)
    kept = {held.acquisition_code, str(held.level_id)} if held is not None else set()
    return lambda table: {*offered.get(table, {}), *kept}
