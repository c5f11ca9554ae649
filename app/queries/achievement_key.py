"""Which other items are the same as one, by what makes items the same (app.rules.identity_keys)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models.achievement import Achievement, AchievementKey, AchievementKind
from models.person import Person

_key, _achievement, _kind, _person = (
    AchievementKey.__table__, Achievement.__table__, AchievementKind.__table__, Person.__table__
)
_LIMIT = 20


@dataclass(frozen=True)
class Twin:
    """Another item with one of the keys."""

    achievement_id: int
    key: str
    kind: str
    summary: str
    state: str
    person: str
    is_submitted: bool


def own_twins(
    session: Session, *, person_id: int, keys: Collection[str], besides: int | None = None
) -> list[Twin]:
    """The person's other items with one of these keys, submitted ones first."""
    return _twins(session, keys, besides, _key.c.person_id == person_id)


def unit_twins(
    session: Session, *, organization_id: int, person_id: int, keys: Collection[str]
) -> list[Twin]:
    """Items that other people of a unit have submitted with one of these keys."""
    return _twins(
        session, keys, None, _key.c.person_id != person_id, _achievement.c.organization_id == organization_id,
        _key.c.is_submitted,
    )


def _twins(
    session: Session, keys: Collection[str], besides: int | None, *where: ColumnElement[bool], limit: int = _LIMIT,
) -> list[Twin]:
    if not keys:
        return []
    statement = (
        select(
            _key.c.achievement_id, _key.c.key, _kind.c.name.label("kind"), _achievement.c.summary,
            _achievement.c.state, _person.c.name.label("person"), _key.c.is_submitted,
        )
        .join(_achievement, _achievement.c.id == _key.c.achievement_id)
        .join(_kind, _kind.c.id == _achievement.c.kind_id)
        .join(_person, _person.c.id == _key.c.person_id)
        .where(_key.c.key.in_(keys), *where)
        .order_by(_key.c.is_submitted.desc(), _key.c.achievement_id).limit(limit)
    )
    if besides is not None:
        statement = statement.where(_key.c.achievement_id != besides)
    return [Twin(**row._mapping) for row in session.execute(statement)]


def keys_of(session: Session, achievement_ids: Sequence[int]) -> dict[int, list[str]]:
    """The keys of items, by item."""
    found: dict[int, list[str]] = {}
    for row in session.execute(
        select(_key.c.achievement_id, _key.c.key).where(_key.c.achievement_id.in_(achievement_ids))
    ):
        found.setdefault(row.achievement_id, []).append(row.key)
    return found


def keys_in_use(session: Session, *, person_id: int, keys: Collection[str]) -> dict[str, Twin]:
    """Of these keys, those an item of the person's has already; for whole files, so no limit of rows."""
    found: dict[str, Twin] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), 400):
        for twin in _twins(
            session, wanted[start:start + 400], None, _key.c.person_id == person_id, limit=10_000
        ):
            found.setdefault(twin.key, twin)
    return found
