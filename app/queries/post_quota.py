"""岗位核准信息: a unit's years with the numbers of the manual's table, and who uses the places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.queries.search import units
from models.account import Account
from models.application import Application
from models.organization import Organization
from models.person import Person
from models.post_quota import QUOTA_LEVELS, PostQuota, PostQuotaLevel, QuotaUse
from models.series import Title, TitleLevel, TitleSeries

_quota, _level, _use = PostQuota.__table__, PostQuotaLevel.__table__, QuotaUse.__table__
_application, _person, _account = Application.__table__, Person.__table__, Account.__table__


@dataclass(frozen=True)
class LevelRow:
    """推荐总数, 占用数 and 不占用数 of a level, with its 空缺."""

    id: int
    label: str
    vacancies: int
    occupied: int
    unoccupied: int

    @property
    def left(self) -> int:
        """Places nobody uses yet."""
        return self.vacancies - self.occupied


@dataclass(frozen=True)
class Quota:
    """A year of a unit, levels from 正高级 down."""

    id: int
    organization_id: int
    organization: str
    year: int
    state: str
    version: int
    confirmed_at: dt.datetime | None
    created_at: dt.datetime
    creator: str
    levels: tuple[LevelRow, ...]

    @property
    def total(self) -> tuple[int, int, int]:
        """推荐总数, 推荐占用数, 推荐不占用数."""
        used, unused = sum(row.occupied for row in self.levels), sum(row.unoccupied for row in self.levels)
        return used + unused, used, unused

    def level(self, label: str) -> LevelRow | None:
        """The level of that label."""
        return next((row for row in self.levels if row.label == label), None)


def quotas_of(session: Session, organization_id: int, *, year: int | None = None) -> list[Quota]:
    """The unit's years, newest first. Two queries."""
    return _quotas(session, _quota.c.organization_id == organization_id, *([_quota.c.year == year] if year else []))


def quota_by_id(session: Session, quota_id: int) -> Quota | None:
    """One year of some unit; who may see it is the caller's to check."""
    return next(iter(_quotas(session, _quota.c.id == quota_id)), None)


def _quotas(session: Session, *conditions: Any) -> list[Quota]:
    organization = Organization.__table__
    rows = session.execute(
        select(
            _quota, organization.c.name.label("organization"),
            (_account.c.last_name + _account.c.first_name).label("creator"),
        )
        .join(organization, organization.c.id == _quota.c.organization_id)
        .join(_account, _account.c.id == _quota.c.created_by)
        .where(*conditions).order_by(_quota.c.year.desc(), _quota.c.id.desc()).limit(50)
    ).all()
    levels: dict[int, list[LevelRow]] = {}
    for row in session.execute(select(_level).where(_level.c.quota_id.in_([row.id for row in rows]))):
        levels.setdefault(row.quota_id, []).append(
            LevelRow(row.id, row.label, row.vacancies, row.occupied, row.unoccupied)
        )
    return [
        Quota(
            row.id, row.organization_id, row.organization, row.year, row.state, row.version, row.confirmed_at,
            row.created_at, row.creator,
            tuple(sorted(levels.get(row.id, ()), key=lambda one: QUOTA_LEVELS.index(one.label))),
        )
        for row in rows
    ]


def search_quotas(session: Session, text: str) -> list[Quota]:
    """Years of units whose name contains some words, newest first, for operations."""
    organization = Organization.__table__
    ids = session.execute(
        select(_quota.c.id).join(organization, organization.c.id == _quota.c.organization_id)
        .where(units(text, organization))
        .order_by(_quota.c.year.desc(), _quota.c.id.desc()).limit(20)
    ).scalars().all()
    return _quotas(session, _quota.c.id.in_(ids)) if ids else []


def roster(session: Session, organization_id: int, year: int) -> Sequence[Any]:
    """申报人员花名册: the unit's applicants of a plan year that were submitted and not ended (mappings): name, series, title, level."""
    title, series, level = Title.__table__, TitleSeries.__table__, TitleLevel.__table__
    return session.execute(
        select(
            _person.c.name, series.c.name.label("series"), title.c.name.label("title"), level.c.label.label("level"),
            _application.c.plan_id, _application.c.id,
        )
        .join(_person, _person.c.id == _application.c.person_id)
        .join(title, title.c.id == _application.c.title_id)
        .join(level, level.c.id == title.c.level_id)
        .join(series, series.c.id == _application.c.series_id)
        .where(
            _application.c.employer_id == organization_id, _application.c.plan_year == year,
            _application.c.state.in_(("reviewing", "approved")),
        )
        .order_by(level.c.rank.desc(), _application.c.id)
    ).mappings().all()


def use_in_force(session: Session, case_id: int) -> Any | None:
    """The case's 占用/不占用 with who said so and when (a mapping), or None."""
    return session.execute(
        select(_use, (_account.c.last_name + _account.c.first_name).label("creator"))
        .join(_account, _account.c.id == _use.c.created_by)
        .where(_use.c.case_id == case_id, _use.c.released_at.is_(None))
    ).mappings().first()
