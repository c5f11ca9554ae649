"""Submitting at the same moment: real threads with real connections, on the database the suite runs on."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.demo import accounts as a
from app.demo import plans
from app.demo import standards as st
from app.demo.world import World
from app.errors import DomainError, WrongState
from app.extensions import db
from app.queries import material as materials
from app.rules import deadlines
from app.scope import system_scope
from app.services import submission
from app.transaction import current_session, transaction
from models.application import Application, Submission
from models.case import Case
from models.organization import Organization
from tests.database import Databases, build_template
from tests.factories import teacher_world as make
from tests.factories.race import race

SECOND = "安徽省乡村教师高级职称评审委员会"
_a = Application.__table__


def build_world() -> None:
    """The teachers' world with a second plan that the same person may apply to in the same year."""
    make.build_world()
    with system_scope(), transaction() as session:
        world = World(session, deadlines.today())
        world.organizations.update({row.name: row for row in session.scalars(select(Organization))})
        committee = plans.build_committee(world, SECOND, a.CONVENER, a.ISSUER, plans.PROVINCE)
        plans.build_plan(
            world, committee, plans.open_window(world.today), plans.TEACHERS, plans.HIGH,
            standards=st.TEACHER_STANDARDS, slots=st.TEACHER_SLOTS)


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return build_template(application, store, "two_teacher_plans", build_world, base="empty")


@pytest.fixture
def li(app: Flask):
    return make.actor("applicant")


def checked(who, plan_id: int | None = None) -> int:
    application_id = make.complete(who, plan_id)
    report = submission.check(application_id=application_id, actor=who)
    assert report.is_clean, [finding.message for finding in report.findings]
    return application_id


def submitted() -> int:
    current_session().rollback()
    return current_session().execute(select(func.count()).where(_a.c.submitted_at.is_not(None))).scalar_one()


def test_two_applications_of_one_person_and_year_leave_exactly_one(app, li):
    ids = [checked(li), checked(li, make.plan_named(SECOND))]
    db.session.rollback()
    results = race(app, *[lambda number=number: submission.submit(application_id=number, actor=li) for number in ids])
    lost = [result for result in results if isinstance(result, DomainError)]
    assert len(lost) == 1
    assert "只允许申报一次" in lost[0].message
    assert submitted() == 1
    session = current_session()
    assert session.execute(select(func.count()).select_from(Submission.__table__)).scalar_one() == 1
    assert session.execute(select(func.count()).where(Case.__table__.c.subject_type == "application")).scalar_one() == 1
    loser = next(i for i, result in zip(ids, results, strict=True) if isinstance(result, DomainError))
    assert not submission.check(application_id=loser, actor=li).is_clean
    with pytest.raises(WrongState, match="只允许申报一次"):  # and it cannot try again
        submission.submit(application_id=loser, actor=li)


def test_one_application_sent_from_two_browsers_is_submitted_once(app, li):
    application_id = checked(li)
    db.session.rollback()
    results = race(app, *[lambda: submission.submit(application_id=application_id, actor=li)] * 2)
    assert sorted(isinstance(result, DomainError) for result in results) == [False, True]
    assert submitted() == 1


def test_the_deadline_is_judged_when_the_turn_comes_not_when_the_button_was_pressed(app, li, monkeypatch):
    application_id = checked(li)
    closes_on = make.material(application_id).plan.closes_on
    clock = [deadlines.closes_at(closes_on) - dt.timedelta(seconds=1)]
    monkeypatch.setattr(materials, "utcnow", lambda: clock[0])
    held, free = threading.Event(), threading.Event()

    def hold():
        with transaction() as session:
            session.execute(update(_a).where(_a.c.id == application_id).values(version=_a.c.version))
            held.set()
            free.wait(10)

    def submit():
        held.wait(10)
        threading.Timer(0.5, late).start()
        return submission.submit(application_id=application_id, actor=li)

    def late():
        clock[0] = deadlines.closes_at(closes_on)
        free.set()

    db.session.rollback()
    [_, result] = race(app, hold, submit)
    assert isinstance(result, WrongState)
    assert "截止" in result.message
    assert submitted() == 0


def test_the_last_second_is_in_time(app, li, monkeypatch):
    application_id = checked(li)
    last = deadlines.closes_at(make.material(application_id).plan.closes_on) - dt.timedelta(microseconds=1)
    monkeypatch.setattr(materials, "utcnow", lambda: last)
    submission.submit(application_id=application_id, actor=li)
    assert submitted() == 1
