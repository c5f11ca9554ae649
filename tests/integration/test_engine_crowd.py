"""Two administrators over two hundred tasks at once, and batches that are killed: nothing is done twice or by half."""

from __future__ import annotations

import os
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
    assert len(opened) == len({row.case_id for row in opened}) == n
    nodes = dict(db.session.execute(select(_case.c.id, _case.c.node)).tuples().all())
    assert all(nodes[row.case_id] == row.node for row in opened)
    approved = [row for row in rows if row.state == "approved"]
    assert len(rows) == n + len(approved)
    audited = db.session.execute(select(func.count()).where(_event.c.event == "case:task_approved")).scalar_one()
    told = db.session.execute(select(func.count()).where(_job.c.kind == "notify.task_arrived")).scalar_one()
    assert (audited, told) == (len(approved), len(rows))
    db.session.rollback()
    before = counters()
    db.session.rollback()
    with transaction() as session:
        recount(session)
    assert counters() == before
    db.session.rollback()
    assert list(verify(db.session())) == []
    return len(approved)


def test_two_administrators_and_two_hundred_tasks_have_one_winner_each(app, world):
    tasks = start(world, TASKS)
    gate = threading.Barrier(2)

    def work(actor):
        won = []
        with app.app_context():
            gate.wait()
            for task_id in tasks:
                for action in (review.claim, review.approve):
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
    tasks = start(world, 60)
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
    progress = [int(line) for line in answer.stdout.split("\n")[:KILLS]]
    assert progress == sorted(progress)  # what was done stays done
    assert consistent(60) == 60


def _account_of_colleague(world):
    """The colleague steps aside: with one administrator tasks are theirs at once."""
    from models.account import Account

    return Account.__table__.update().where(Account.__table__.c.id == world.hr_colleague).values(active=False)
