"""The counters of 业绩档案: whatever changes items, and however many at once, they say what counting would say."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.queries import portfolio
from app.services import achievement_counter
from models.achievement import (
    Achievement,
    AchievementCategory,
    AchievementCounter,
    AchievementKind,
    AchievementKindVersion,
)
from models.base import utcnow
from tests.factories import person as people
from tests.factories.rows import save

_achievement, _counter = Achievement.__table__, AchievementCounter.__table__


class Place:
    def __init__(self) -> None:
        category = save(AchievementCategory(code="work", name="工作业绩"))
        self.kinds = [save(AchievementKind(code=f"k{n}", name=f"类别{n}", category_id=category)) for n in (1, 2)]
        self.versions = [
            save(AchievementKindVersion(kind_id=kind, number=1, fields=[], list_columns=[])) for kind in self.kinds
        ]
        self.units = [people.unit(f"unit{n}").id for n in (1, 2)]
        self.person_id = people.person("applicant")

    def rows(self, count: int, state: str, *, unit: int | None = 0, kind: int = 0) -> list[dict[str, Any]]:
        now = utcnow()
        return [{
            "person_id": self.person_id, "organization_id": None if unit is None else self.units[unit],
            "kind_id": self.kinds[kind], "kind_version_id": self.versions[kind], "summary": "", "data": {}, "state": state,
            "version": 1, "submitted_at": now, "created_at": now, "updated_at": now,
        } for _n in range(count)]


@pytest.fixture
def place(app: Flask) -> Place:
    return Place()


def counted() -> dict[tuple[int, int, str], int]:
    key = (_achievement.c.organization_id, _achievement.c.kind_id, _achievement.c.state)
    rows = db.session.execute(
        select(*key, func.count()).where(_achievement.c.organization_id.is_not(None), _achievement.c.state != "draft").group_by(*key)
    )
    return {(organization, kind, state): n for organization, kind, state, n in rows}


def kept() -> dict[tuple[int, int, str], int]:
    rows = db.session.execute(select(_counter).where(_counter.c.n > 0))
    return {(row.organization_id, row.kind_id, row.state): row.n for row in rows}


def test_they_follow_every_way_of_changing_items(place: Place) -> None:
    session = db.session()
    for step in (
        insert(_achievement).values([*place.rows(3, "reviewing"), *place.rows(2, "approved", kind=1), *place.rows(4, "draft")]),
        insert(_achievement).values([*place.rows(2, "reviewing", unit=1), *place.rows(2, "draft", unit=None)]),
        update(_achievement).where(_achievement.c.state == "reviewing").values(state="approved"),
        update(_achievement).values(summary="改了内容"),
        update(_achievement).where(_achievement.c.kind_id == place.kinds[1]).values(state="draft"),
        update(_achievement).where(_achievement.c.organization_id == place.units[1]).values(
            organization_id=place.units[0], kind_id=place.kinds[1], state="returned"),
        update(_achievement).where(_achievement.c.organization_id.is_(None)).values(
            organization_id=place.units[1], state="reviewing"),
        delete(_achievement).where(_achievement.c.state == "approved"),
    ):
        session.execute(step)
        assert kept() == counted()
    assert kept() == {
        (place.units[0], place.kinds[1], "returned"): 2, (place.units[1], place.kinds[0], "reviewing"): 2,
    }
    session.rollback()
    assert kept() == {}, "they are part of the same transaction"


def test_the_tree_shows_them(place: Place) -> None:
    db.session.execute(insert(_achievement).values([*place.rows(3, "reviewing"), *place.rows(2, "returned", kind=1)]))
    counts = portfolio.unit_counts(db.session(), place.units[0])
    assert {kind: dict(states) for kind, states in counts.items()} == {
        place.kinds[0]: {"reviewing": 3}, place.kinds[1]: {"returned": 2},
    }
    assert portfolio.unit_counts(db.session(), place.units[1]) == {}


def test_they_can_be_made_anew(place: Place) -> None:
    db.session.execute(insert(_achievement).values([*place.rows(3, "reviewing"), *place.rows(2, "draft")]))
    db.session.execute(update(_counter).values(n=99))
    assert achievement_counter.recount(db.session()) == 1
    assert kept() == counted()


def test_the_database_refuses_less_than_none(place: Place) -> None:
    db.session.execute(insert(_achievement).values(place.rows(1, "reviewing")))
    with pytest.raises(IntegrityError):
        db.session.execute(update(_counter).values(n=-1))
