"""批量审核 is killed in the middle: an item is decided with its whole history, or nothing of it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import audit
from app.extensions import db
from models import encrypted
from models.achievement import Achievement
from models.audit import AuditEvent
from models.case import Case, Task, TaskCounter
from models.job import Job
from tests.database import Databases
from tests.integration import achievement_batch as batch_process
from tests.integration.jobs_process import create_tables, make_app
from tests.integration.own_database import own_database

ITEMS = 150
_achievement, _case, _task, _event = Achievement.__table__, Case.__table__, Task.__table__, AuditEvent.__table__


@pytest.fixture
def url(store: Databases) -> Iterator[str]:
    encrypted.configure("test:a key for tests")
    with own_database(store) as address:
        yield address


@pytest.fixture
def unit(url: str, tmp_path: Path) -> Iterator[Flask]:
    app = make_app(url, STORAGE_URL=f"file://{tmp_path}")
    with app.app_context():
        create_tables(db.engine)
        batch_process.prepare(ITEMS)
        yield app
        db.session.remove()
        db.engine.dispose()


def decided() -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(_task).where(_task.c.state == "approved")) or 0)


def test_kill_9_leaves_each_item_decided_with_its_history_or_untouched(url: str, unit: Flask) -> None:
    process = subprocess.Popen([sys.executable, "-m", "tests.integration.achievement_batch", url], cwd=Path(__file__).parents[2])
    try:
        deadline = time.monotonic() + 60
        while decided() < 5:
            assert time.monotonic() < deadline
            assert process.poll() is None, "the batch ended before it could be killed"
            time.sleep(0.002)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert 5 <= decided() < ITEMS, "killed in the middle"
    whole()
    batch_process.approve_all(unit)
    assert decided() == ITEMS, "what was left can be decided"
    whole()


def whole() -> None:
    """Item, task, case, history, counters and notices of each say the same."""
    db.session.rollback()
    session = db.session()
    rows = session.execute(
        select(_achievement.c.id, _achievement.c.state, _achievement.c.decided_at, _task.c.state.label("task"),
               _task.c.decided_by, _case.c.state.label("case"), _case.c.id.label("case_id"), _task.c.id.label("task_id"))
        .join(_case, _case.c.subject_id == _achievement.c.id).join(_task, _task.c.case_id == _case.c.id)
    ).all()
    assert len(rows) == ITEMS
    events = Counter(
        (row.subject_type, row.subject_id, row.event)
        for row in session.execute(select(_event.c.subject_type, _event.c.subject_id, _event.c.event))
    )
    notices = set(session.scalars(select(Job.__table__.c.key)))
    for row in rows:
        approved = row.task == "approved"
        assert (row.state, row.case) == (("approved", "approved") if approved else ("reviewing", "open"))
        assert (row.decided_at is not None, row.decided_by is not None) == (approved, approved)
        assert events["case", row.case_id, "case:task_approved"] == int(approved)
        assert events["achievement", row.id, "achievement:decided"] == int(approved)
        assert (f"case-ended:{row.case_id}:{row.task_id}" in notices) is approved
    counters = {row.pile: row.n for row in session.execute(select(TaskCounter.__table__))}
    done = sum(row.task == "approved" for row in rows)
    assert (counters.get("waiting", 0), counters.get("decided", 0)) == (ITEMS - done, done)
    assert list(audit.verify(session)) == []
    session.rollback()
