"""申报截止提醒: who has not handed in is told three days and one day before the end, once each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.jobs import deadline
from app.jobs.registry import JobView
from app.rules import deadlines
from app.scope import scope_of, scoped, system_scope
from app.services import plan as plans
from app.transaction import current_session, transaction
from models.application import Application
from models.job import Job
from models.notification import Notification
from models.person import Person
from models.plan import ReviewPlan
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.templates import plan_template

JOB = JobView(1, "deadline.remind", "deadline.remind:1", {}, 1, 5)
_plan, _note = ReviewPlan.__table__, Notification.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def begun(app: Flask) -> int:
    """An application of 李明 that was begun and not handed in."""
    who = make.actor("applicant")
    with scoped(scope_of(who)):
        return make.started(who)


def change(table: Any, **values: Any) -> None:
    with system_scope(), transaction() as session:
        session.execute(update(table).values(**values))


def closes_in(days: int) -> dt.date:
    day = deadlines.today() + dt.timedelta(days=days)
    change(_plan, opens_on=deadlines.today() - dt.timedelta(days=30), closes_on=day)
    return day


def told() -> list[str]:
    current_session().rollback()
    return list(current_session().execute(select(_note.c.title).order_by(_note.c.id)).scalars())


def run() -> None:
    with system_scope():
        deadline.remind(JOB)


def test_three_days_and_the_last_day_each_once(begun: int) -> None:
    closes_in(3)
    run()
    assert told() == []
    day = closes_in(2)  # with today: three days
    run()
    run()
    [title] = told()
    assert f"将于 {day} 23:59:59 截止申报" in title
    assert current_session().execute(select(_note.c.link)).scalar_one() == f"/applications/{begun}"


def test_the_last_day_is_told_besides(begun: int, monkeypatch: pytest.MonkeyPatch) -> None:
    today = deadlines.today()
    closes_in(2)
    run()
    for later in (1, 2, 2):
        monkeypatch.setattr(deadline.deadlines, "today", lambda now=None, later=later: today + dt.timedelta(days=later))
        run()
    assert len(told()) == 2
    monkeypatch.setattr(deadline.deadlines, "today", lambda now=None: today + dt.timedelta(days=3))
    run()
    assert len(told()) == 2


@pytest.mark.parametrize(("state", "count"), [("editing", 1), ("returned", 1), ("reviewing", 0), ("approved", 0), ("terminated", 0)])
def test_only_who_has_to_hand_in_is_told(begun: int, state: str, count: int) -> None:
    closes_in(0)
    change(Application.__table__, state=state, submitted_at=None if state == "editing" else dt.datetime.now(dt.UTC))
    run()
    assert len(told()) == count


def test_a_closed_plan_reminds_nobody(begun: int) -> None:
    closes_in(0)
    change(_plan, state="closed")
    run()
    assert told() == []


def test_a_longer_window_is_told_anew(begun: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "CHUNK", 1)
    closes_in(0)
    run()
    closes_in(1)
    run()
    assert len(told()) == 2


@pytest.mark.parametrize(("state", "count"), [("editing", 1), ("returned", 1), ("reviewing", 0), ("terminated", 0)])
def test_a_new_last_day_is_told_once_to_whoever_has_to_hand_in(begun: int, state: str, count: int) -> None:
    day = closes_in(2)
    change(Application.__table__, state=state, submitted_at=None if state == "editing" else dt.datetime.now(dt.UTC))
    with system_scope():
        convener, plan = make.actor("convener"), make.teacher_plan()
        later = day + dt.timedelta(days=5)
        plans.extend(plan_id=plan, closes_on=later, reason="系统维护，顺延", actor=convener)
        current_session().rollback()
        job = current_session().execute(select(Job.__table__).where(Job.__table__.c.kind == "notify.window_extended")).one()
        for _again in range(2):
            deadline.tell_of_extension(JobView(job.id, job.kind, job.key, job.payload, 1, 5))
        assert [f"已延长至 {later} 23:59:59" in title for title in told()] == [True] * count
        plans.close(plan_id=plan, actor=convener)
        plans.reopen(plan_id=plan, closes_on=later, reason="补报", actor=convener)
        current_session().rollback()
        keys = current_session().execute(select(Job.__table__.c.key).where(Job.__table__.c.kind == "notify.window_extended")).scalars().all()
        assert len(set(keys)) == 2  # each change of the window is told


def test_the_mail_goes_to_the_address_the_person_gave(begun: int) -> None:
    closes_in(0)
    change(Person.__table__, email="liming@mail.example.com")
    run()
    from app.services.notification import ADDRESS, with_address
    from models.account import Account

    current_session().rollback()
    account = Account.__table__
    assert current_session().execute(with_address(select(ADDRESS)).where(account.c.username == "applicant")).scalar_one() == (
        "liming@mail.example.com")
    change(Person.__table__, email="")
    change(account, email=account.c.username + "@account.invalid")
    current_session().rollback()
    assert current_session().execute(with_address(select(ADDRESS)).where(account.c.username == "applicant")).scalar_one() == ""
    unit = with_address(select(ADDRESS)).where(account.c.username == "unit")
    assert "@" in current_session().execute(unit).scalar_one()
    kinds = current_session().execute(select(Job.__table__.c.kind).where(Job.__table__.c.kind == "mail.notification")).scalars().all()
    assert kinds == ["mail.notification"]
