"""Two people at once: real threads with real connections, on the database the suite runs on."""


import pytest
from sqlalchemy import func, select

from app.errors import Conflict, DomainError, WrongState
from app.extensions import db
from app.services import review
from models.audit import AuditEvent
from models.case import Task
from tests.factories.race import race
from tests.integration.test_engine import World, counters, open_task, recorded  # noqa: F401

ROUNDS = 25


@pytest.fixture
def world(app):
    return World()


def test_two_approvals_of_one_task_have_one_winner(app, world):
    for subject in range(1, ROUNDS + 1):
        case_id = world.start(subject)
        task_id = open_task(case_id).id
        db.session.rollback()
        results = race(app, *[lambda: review.approve(task_id=task_id, actor=world.school_admin)] * 2)
        lost = [result for result in results if isinstance(result, DomainError)]
        assert len(lost) == 1
        assert isinstance(lost[0], Conflict | WrongState)
    decided = Task.__table__
    count = select(func.count()).where(decided.c.organization_id == world.school.id, decided.c.state == "approved")
    assert db.session.execute(count).scalar_one() == ROUNDS
    assert counters()[world.school.id, "decided", world.school.user_id] == ROUNDS


def test_approve_against_return_ends_in_one_of_them(app, world):
    for subject in range(1, ROUNDS + 1):
        task_id = open_task(world.start(subject, stops=("school",))).id
        db.session.rollback()
        results = race(
            app,
            lambda: review.approve(task_id=task_id, actor=world.school_admin),
            lambda: review.return_(task_id=task_id, actor=world.school_admin, opinion="补充"),
        )
        assert sum(isinstance(result, DomainError) for result in results) == 1


def test_two_claims_have_one_winner(app, world):
    for subject in range(1, ROUNDS + 1):
        task_id = open_task(world.start(subject, stops=("hr",))).id
        db.session.rollback()
        results = race(
            app,
            lambda: review.claim(task_id=task_id, actor=world.hr_admin),
            lambda: review.claim(task_id=task_id, actor=world.hr_second),
        )
        assert sum(isinstance(result, DomainError) for result in results) == 1


def test_a_withdrawal_races_a_claim_and_only_one_holds(app, world):
    for subject in range(1, ROUNDS + 1):
        first = open_task(world.start(subject)).id
        following = review.approve(task_id=first, actor=world.school_admin).next_task_id
        results = race(
            app,
            lambda: review.withdraw(task_id=first, actor=world.school_admin),
            lambda: review.claim(task_id=following, actor=world.hr_admin),
        )
        assert sum(isinstance(result, DomainError) for result in results) == 1


def test_different_tasks_of_one_organization_do_not_hinder_each_other(app, world):
    tasks = [open_task(world.start(subject)).id for subject in range(1, 9)]
    db.session.rollback()
    results = race(app, *[lambda task_id=task_id: review.approve(task_id=task_id, actor=world.school_admin)
                          for task_id in tasks])
    assert not [result for result in results if isinstance(result, DomainError)]
    event = AuditEvent.__table__
    assert db.session.execute(
        select(func.count()).where(event.c.event == "case:task_approved")
    ).scalar_one() == len(tasks)
