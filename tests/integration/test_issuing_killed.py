"""批量发证 while its workers are killed: every certificate is there once, numbered without a hole, with its file."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select, update

import config
from app.extensions import db
from app.services import result
from app.transaction import current_session
from models.application import Application
from models.base import utcnow
from models.certificate import Certificate
from models.person import Person
from models.result import ReviewResult
from tests.database import Databases
from tests.factories import person as people
from tests.factories import teacher_world as make
from tests.factories.result import approved_result
from tests.factories.rows import save
from tests.factories.templates import started_template
from tests.factories.unit_world import person, unit

N, KILLS = 6, 2
_a, _c, _person = Application.__table__, Certificate.__table__, Person.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return started_template(application, store)


@pytest.fixture
def ready(app: Flask) -> int:
    """So many applications whose notice has ended, everybody with a photo; the plan's id."""
    like = dict(current_session().execute(select(_a)).mappings().one())
    del like["id"]
    current_session().rollback()
    school = unit("合肥市第八中学")
    for number in range(N):
        people.person(f"teacher{number}", organization_id=school, name=f"教师{number}")
        approved_result(save(Application(**like | {
            "person_id": person(f"teacher{number}").id, "state": "approved", "submitted_at": utcnow(), "decided_at": utcnow(),
        })), approval_no="")
    photo = current_session().execute(select(_person.c.photo_id).where(_person.c.name == "李明")).scalar()
    current_session().rollback()
    with db.engine.begin() as connection:
        connection.execute(update(_person).values(photo_id=photo, birth_date=dt.date(1980, 1, 2), sex="男"))
        assert connection.execute(select(func.count()).select_from(ReviewResult.__table__)).scalar() == N
    return int(like["plan_id"])


@pytest.fixture
def start(app: Flask) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a worker in a process of its own; what is left at the end is killed."""
    settings = {key: str(app.config[key]) for key in ("SQLALCHEMY_DATABASE_URI", "STORAGE_URL", "VAR")}
    running: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-m", "tests.integration.issuing_process"], cwd=config.ROOT, text=True,
                                   stdin=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(json.dumps(settings))
        process.stdin.close()
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait(30)


def steps() -> int:
    """How far it is: a certificate counts one, its file another."""
    current_session().rollback()
    n, files = current_session().execute(select(func.count(_c.c.id), func.count(_c.c.file_id))).one()
    current_session().rollback()
    return int(n) + int(files)


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline, f"no progress after {steps()} steps"
        time.sleep(0.01)


def test_killed_workers_leave_nothing_lost_and_no_number_twice(
    app: Flask, ready: int, start: Callable[[], subprocess.Popen[str]]
) -> None:
    assert result.order_certificates(plan_id=ready, approval_no="皖人社秘〔2026〕12号", actor=make.actor("convener")) == N
    for _kill in range(KILLS):
        before = steps()
        worker = start()
        wait_until(lambda before=before: steps() > before)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(30)
    assert steps() < 2 * N, "killed too late to say anything"
    workers = [start(), start()]
    wait_until(lambda: steps() == 2 * N)
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(30) for worker in workers] == [0, 0]
    current_session().rollback()
    made = current_session().execute(select(_c.c.application_id, _c.c.number)).all()
    current_session().rollback()
    assert len({row.application_id for row in made}) == N
    assert sorted(int(row.number[-6:]) for row in made) == list(range(1, N + 1))
