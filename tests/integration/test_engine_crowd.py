"""Two administrators over two hundred tasks at once, and batches that are killed: nothing is done twice or by half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

import config
from app.audit import verify
from app.errors import DomainError
from app.extensions import db
from app.rules.routing import Stop
from app.services import review
from app.transaction import transaction
from app.workflow import engine
from app.workflow.counters import recount
from models.audit import AuditEvent
from models.case import Case, Task
from models.job import Job
from tests.integration.test_engine import World, counters, recorded  # noqa: F401

TASKS = 200
KILLS = int(os.environ.get("KILLS", "5"))
PER_KILL = 40  # more than a child decides before it is killed, so that none of them finds everything done
_task, _case, _event, _job = Task.__table__, Case.__table__, AuditEvent.__table__, Job.__table__


@pytest.fixture
def world(app):
    return World()


def start(world, n):
    """Cases that pass the HR department, which has two administrators, and then the school; their first tasks."""
    route = [Stop("hr_department", world.hr.id, "hr"), Stop("convener", world.school.id, "school")]
    with transaction() as session:
        for subject in range(1, n + 1):
            engine.start(session, procedure="application", subject_type="application", subject_id=subject, title="测试申报",
                         route=route, actor=world.li, person_id=world.person_id, employer_id=world.school.id)
    found = db.session.execute(select(_task.c.id).order_by(_task.c.id)).scalars().all()
    db.session.rollback()
    return found


def consistent(n):
    """Every case where its newest task is, every decision with one audit row and one message, counters as counted."""
    db.session.rollback()
    rows = db.session.execute(select(_task).order_by(_task.c.case_id, _task.c.seq)).all()
    opened = [row for row in rows if row.state == "open"]
    returned = [row for row in rows if row.state == "returned"]
    assert len(opened) == len({row.case_id for row in opened}) == n - len(returned)
    cases = {row.id: row for row in db.session.execute(select(_case.c.id, _case.c.node, _case.c.state)).all()}
    assert all(cases[row.case_id].node == row.node and cases[row.case_id].state == "open" for row in opened)
    assert all(cases[row.case_id].state == "returned" for row in returned)
    approved = [row for row in rows if row.state == "approved"]
    assert len(rows) == n + len(approved)
    audited = dict(db.session.execute(select(_event.c.event, func.count()).group_by(_event.c.event)).tuples().all())
    assert audited.get("case:task_approved", 0) == len(approved)
    assert audited.get("case:task_returned", 0) == len(returned)
    told = dict(db.session.execute(select(_job.c.kind, func.count()).group_by(_job.c.kind)).tuples().all())
    assert (told["notify.task_arrived"], told.get("notify.case_ended", 0)) == (len(rows), len(returned))
    db.session.rollback()
    before = counters()
    db.session.rollback()
    with transaction() as session:
        recount(session)
    assert counters() == before
    db.session.rollback()
    assert list(verify(db.session())) == []
    return len(approved) + len(returned)


def test_two_administrators_and_two_hundred_tasks_have_one_winner_each(app, world):
    tasks = start(world, TASKS)
    gate = threading.Barrier(2)

    def work(actor):
        won = []
        with app.app_context():
            for task_id in tasks:
                for action in (review.claim, review.approve):
                    gate.wait(60)  # both reach for the same task at the same moment, each time
                    try:
                        action(task_id=task_id, actor=actor)
                        won.append((task_id, action.__name__))
                    except DomainError:
                        pass
            db.session.remove()
        return won

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, [world.hr_admin, world.hr_second])
    assert not set(first) & set(second)
    assert {*first, *second} == {(task_id, action) for task_id in tasks for action in ("claim", "approve")}
    claimed = dict(db.session.execute(select(_task.c.id, _task.c.claimed_by).where(_task.c.seq == 1)).tuples().all())
    decided = dict(db.session.execute(select(_task.c.id, _task.c.decided_by).where(_task.c.seq == 1)).tuples().all())
    assert claimed == decided
    assert consistent(TASKS) == TASKS


def test_a_killed_batch_leaves_nothing_half_done(app, world):
    n = KILLS * PER_KILL + 30
    tasks = start(world, n)
    with db.engine.begin() as connection:
        connection.execute(_account_of_colleague(world))
    db.session.remove()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    answer = subprocess.run(
        [sys.executable, "-m", "tests.integration.batch_process", url, ",".join(map(str, tasks)), str(world.hr.id),
         str(world.hr.user_id), str(KILLS)],
        cwd=config.ROOT, capture_output=True, text=True, timeout=600, check=False,
    )
    assert answer.returncode == 0, answer.stderr
    lines = [tuple(map(int, line.split())) for line in answer.stdout.splitlines()]
    kills, (finished, left) = lines[:KILLS], lines[KILLS]
    assert [died for _done, died in kills] == [-signal.SIGKILL] * KILLS  # each in the middle: none had come to its end
    progress = [done for done, _died in kills]
    assert progress == sorted(progress)  # what was done stays done
    assert progress[-1] + left == n
    assert finished == left
    assert consistent(n) == n


def _account_of_colleague(world):
    """The colleague steps aside: with one administrator tasks are theirs at once."""
    from models.account import Account

    return Account.__table__.update().where(Account.__table__.c.id == world.hr_colleague).values(active=False)
