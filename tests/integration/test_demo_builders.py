"""The demo's builders as a library: a small world for tests, the same every time, all or nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.demo import accounts as a
from app.demo import loading, plans
from app.demo.world import ReferenceMissingError, World, build_small_world
from app.extensions import db
from app.refdata.loading import load as load_refdata
from app.rules.deadlines import today
from app.scope import system_scope
from app.transaction import transaction
from models.account import Account
from models.organization import Organization
from models.person import Person
from models.plan import ReviewPlan
from tests.database import Databases, build_template

DAY = dt.date(2026, 3, 1)


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    def fill() -> None:
        with system_scope():
            load_refdata()

    return build_template(application, store, "builders", fill, base="empty")


class Undo(Exception):
    """Leaves a transaction without a trace."""


def test_a_small_world_has_the_accounts_and_the_open_plan(db_session):
    with transaction() as session:
        world = build_small_world(session, DAY)
        plans.build_teacher_plan(world)
    assert {entry.login for entry in a.ACCOUNTS} <= set(db_session.scalars(select(Account.username)))
    assert db_session.scalars(select(ReviewPlan.name)).all() == ["2026年—安徽省中小学教师系列高级职称评审委员会"]
    assert db_session.scalar(select(func.count()).select_from(Organization)) < 50
    actor = world.actor("unit")
    assert (actor.name, actor.organization_kinds, actor.roles) == ("周敏", {"employer"}, {"Employer"})
    assert world.actor("applicant").person_id == world.people["applicant"].id


def test_the_same_day_gives_the_same_world(db_session):
    def build() -> list[tuple[str, str]]:
        build_small_world(db_session, DAY)
        db_session.flush()
        seen = [(p.name, p.id_number) for p in db_session.scalars(select(Person).order_by(Person.id))]
        seen += [(o.name, o.uscc) for o in db_session.scalars(select(Organization).order_by(Organization.id))]
        db_session.rollback()
        return seen

    first = build()
    assert len(first) > 30
    assert build() == first


def test_a_load_that_fails_leaves_nothing_behind(db_session, monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise Undo

    monkeypatch.setattr(loading.certificate, "issue", fail)
    with pytest.raises(Undo):
        loading.load_demo(today())
    assert not loading.is_loaded()
    assert db_session.scalar(select(func.count()).select_from(Organization)) == 0


def test_without_reference_data_it_says_what_comes_first(db_session):
    for table in ("title", "specialty", "series_form", "title_series", "region"):
        db_session.execute(db.metadata.tables[table].delete())
    db_session.commit()
    with pytest.raises(ReferenceMissingError, match="flask refdata load"):
        loading.load_demo(DAY)


def test_world_is_a_plain_value(db_session):
    """Tests may build a world over rows that exist already."""
    world = World(db_session, DAY)
    assert [city.name for city in world.cities][:2] == ["合肥市", "芜湖市"]
    assert len(world.series) == 27
