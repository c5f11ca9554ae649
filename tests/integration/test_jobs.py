"""The outbox and its workers, with real connections and real processes."""

from __future__ import annotations

import collections
import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotAllowed, NotFound, WrongState
from app.extensions import db
from app.jobs import incidents, lease, schedule, worker
from app.outbox import enqueue, subscribe
from app.scope import system_scope
from app.transaction import transaction
from models.audit import AuditEvent
from models.base import utcnow
from models.job import Job
from models.web_session import WebSession
from tests.database import Databases
from tests.integration.jobs_process import create_tables, effects, make_app
from tests.integration.own_database import own_database

ROOT = Path(__file__).parents[2]
STAFF = Actor(user_id=7, name="运维", roles=frozenset({"Ops"}), origin="127.0.0.1")
_job = Job.__table__


@pytest.fixture(scope="module")
def own_database_url(store: Databases) -> Iterator[str]:
    with own_database(store) as url:
        yield url


@pytest.fixture(scope="module")
def app(own_database_url: str) -> Iterator[Flask]:
    app = make_app(own_database_url)
    engine = worker.engine_of(app)
    create_tables(engine)
    yield app
    engine.dispose()


@pytest.fixture
def engine(app: Flask) -> Engine:
    engine = worker.engine_of(app)
    with engine.begin() as connection:
        connection.execute(delete(_job))
        connection.execute(delete(effects))
    return engine


@pytest.fixture
def put(engine: Engine) -> Callable[..., None]:
    def put(kind: str, key: str, **options: Any) -> None:
        with Session(engine) as session, session.begin():
            enqueue(session, kind=kind, key=key, payload=options.pop("payload", {}), **options)

    return put


def rows(engine: Engine, kind: str = "test.") -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(_job).where(_job.c.kind.startswith(kind)).order_by(_job.c.id)))


def lines(log: Path) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines()]


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def start_process(url: str, log: Path, lease_seconds: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.jobs_process", url, str(log), str(lease_seconds)], cwd=ROOT
    )


class TestEnqueue:
    def test_a_key_is_enqueued_once(self, engine: Engine, put: Callable[..., None]) -> None:
        put("test.record", "a", payload={"n": 1})
        put("test.record", "a", payload={"n": 2})
        assert [row.payload for row in rows(engine)] == [{"n": 1}]

    def test_nothing_leaves_when_the_transaction_rolls_back(self, app: Flask, engine: Engine) -> None:
        bell = subscribe()

        def act() -> None:
            with app.app_context(), transaction() as session:
                enqueue(session, kind="test.record", key="a", payload={})
                raise RuntimeError("rule broken")

        with pytest.raises(RuntimeError, match="rule"):
            act()
        assert rows(engine) == []
        assert not bell.is_set()

    def test_workers_wake_after_the_commit_and_not_before(self, engine: Engine) -> None:
        bell = subscribe()
        with Session(engine) as session:
            enqueue(session, kind="test.record", key="a", payload={})
            with session.begin_nested():
                pass
            assert not bell.is_set()
            session.commit()
        assert bell.is_set()

    def test_a_job_waits_for_its_time(self, app: Flask, engine: Engine, put: Callable[..., None]) -> None:
        put("test.fail", "later", run_after=utcnow() + dt.timedelta(hours=1))
        assert worker.run_due(app).total() == 0
        assert rows(engine)[0].state == "waiting"


class TestLease:
    def test_concurrent_claims_never_overlap(self, engine: Engine, put: Callable[..., None]) -> None:
        for n in range(60):
            put("test.fail", f"job-{n}")
        taken: list[int] = []
        barrier = threading.Barrier(4)

        def claim() -> None:
            barrier.wait()
            while True:
                with engine.begin() as connection:
                    ids = lease.claim(connection, token=lease.new_token(), limit=3)
                if not ids:
                    return
                taken.extend(ids)

        threads = [threading.Thread(target=claim) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(taken) == [row.id for row in rows(engine)]

    def test_a_held_job_cannot_be_claimed_until_its_lease_ends(self, engine: Engine, put: Callable[..., None]) -> None:
        put("test.fail", "a")
        with engine.begin() as connection:
            (job_id,) = lease.claim(connection, token="first", limit=5)
        with engine.begin() as connection:
            assert lease.claim(connection, token="second", limit=5) == []
            assert not lease.claim_one(connection, job_id, token="second")
            connection.execute(update(_job).values(lease_until=utcnow() - dt.timedelta(seconds=1)))
        with engine.begin() as connection:
            assert lease.claim(connection, token="second", limit=5) == [job_id]

    def test_a_worker_that_lost_its_lease_can_write_nothing(self, engine: Engine, put: Callable[..., None]) -> None:
        put("test.fail", "a")
        with engine.begin() as connection:
            (job_id,) = lease.claim(connection, token="slow", limit=1)
            view = lease.begin(connection, job_id, token="slow")
            assert view is not None
            connection.execute(update(_job).values(lease_until=utcnow() - dt.timedelta(seconds=1)))
        with engine.begin() as connection:
            lease.claim(connection, token="quick", limit=1)
        with engine.begin() as connection:
            assert lease.extend(connection, token="slow") == 0
            assert lease.begin(connection, job_id, token="slow") is None
            assert not lease.finish(connection, job_id, token="slow")
            assert lease.fail(connection, view, token="slow", error="late") == "lost"
        (row,) = rows(engine)
        assert (row.state, row.leased_by, row.last_error) == ("running", "quick", lease.DIED)

    def test_the_heartbeat_keeps_a_long_job_from_a_second_worker(
        self, app: Flask, engine: Engine, put: Callable[..., None], tmp_path: Path
    ) -> None:
        log = tmp_path / "log"
        put("test.record", "long", payload={"n": 1, "log": str(log), "seconds": 2.5})
        workers = [worker.Worker(app, duration=dt.timedelta(seconds=0.8)) for _ in range(2)]
        for each in workers:
            each.start()
        wait_for(lambda: rows(engine)[0].state == "done")
        for each in workers:
            each.stop()
        assert all(each.join(10) for each in workers)
        assert [line[:3] for line in lines(log)] == [["start", "1", "1"], ["end", "1", "1"]]


class TestFailures:
    def test_a_failed_try_waits_and_is_tried_again(self, app: Flask, engine: Engine, put: Callable[..., None]) -> None:
        put("test.fail", "a", payload={"failures": 1})
        assert worker.run_due(app) == {"waiting": 1}
        (row,) = rows(engine)
        assert row.run_after > utcnow() + dt.timedelta(seconds=3)
        assert row.last_error.startswith("ValueError: the printer is on fire")
        with engine.begin() as connection:
            connection.execute(update(_job).values(run_after=utcnow()))
        assert worker.run_due(app) == {"done": 1}
        (row,) = rows(engine)
        assert (row.state, row.attempts, row.last_error) == ("done", 2, "")

    def test_out_of_attempts_it_is_an_incident_that_staff_rerun(
        self, app: Flask, engine: Engine, put: Callable[..., None]
    ) -> None:
        put("test.fail", "a", payload={"failures": 1}, max_attempts=1)
        assert worker.run_due(app) == {"failed": 1}
        with app.app_context(), system_scope(), Session(db.engine) as session:
            (incident,) = incidents.incidents(session)
            assert incident.last_error.startswith("ValueError")
            assert incidents.count_by_state(session) == {"waiting": 0, "running": 0, "done": 0, "failed": 1}
        with app.app_context():
            incidents.rerun(job_id=incident.id, actor=STAFF)
            with pytest.raises(WrongState):
                incidents.rerun(job_id=incident.id, actor=STAFF)
            with pytest.raises(NotFound):
                incidents.rerun(job_id=10**9, actor=STAFF)
        with engine.begin() as connection:
            events = connection.execute(
                select(AuditEvent.__table__.c.event, AuditEvent.__table__.c.actor_name)
                .where(AuditEvent.__table__.c.subject_type == "job", AuditEvent.__table__.c.subject_id == incident.id)
            ).all()
            connection.execute(update(_job).values(payload={"failures": 0}))
        assert [tuple(event) for event in events] == [("job:rerun", "运维")]
        assert worker.run_due(app) == {"done": 1}

    def test_only_platform_staff_rerun(self, app: Flask, engine: Engine, put: Callable[..., None]) -> None:
        put("test.fail", "a", payload={"final": True})
        worker.run_due(app)
        unit = Actor(user_id=3, name="单位", organization_id=1, roles=frozenset({"Employer"}))
        with app.app_context(), pytest.raises(NotAllowed):
            incidents.rerun(job_id=rows(engine)[0].id, actor=unit)
        assert rows(engine)[0].state == "failed"

    def test_a_handler_that_gives_up_is_not_retried(
        self, app: Flask, engine: Engine, put: Callable[..., None]
    ) -> None:
        put("test.fail", "a", payload={"final": True})
        assert worker.run_due(app) == {"failed": 1}
        assert rows(engine)[0].attempts == 1

    def test_a_kind_nobody_knows_is_kept_for_a_newer_worker(
        self, app: Flask, engine: Engine, put: Callable[..., None]
    ) -> None:
        put("test.from_the_future", "a")
        assert worker.run_due(app) == {"waiting": 1}
        assert "UnknownKind" in rows(engine)[0].last_error

    def test_a_job_that_kills_every_worker_becomes_an_incident(
        self, engine: Engine, put: Callable[..., None]
    ) -> None:
        put("test.fail", "poison", max_attempts=2)
        for _ in range(2):
            with engine.begin() as connection:
                (job_id,) = lease.claim(connection, token="t", limit=1)
                assert lease.begin(connection, job_id, token="t") is not None
                connection.execute(update(_job).values(lease_until=utcnow() - dt.timedelta(seconds=1)))
        with engine.begin() as connection:
            assert lease.claim(connection, token="t", limit=1) == []
        (row,) = rows(engine)
        assert (row.state, row.last_error) == ("failed", lease.DIED)


class TestProcesses:
    def test_kill_9_in_the_middle_of_job_3_of_8_loses_nothing(
        self, engine: Engine, own_database_url: str, put: Callable[..., None], tmp_path: Path
    ) -> None:
        log = tmp_path / "log"
        for n in range(1, 9):
            put("test.record", f"job-{n}", payload={"n": n, "log": str(log), "hang": n == 3})
        first = start_process(own_database_url, log, 4)
        wait_for(lambda: log.exists() and ["start", "3"] in [line[:2] for line in lines(log)])
        os.kill(first.pid, signal.SIGKILL)
        first.wait(10)
        assert [row.state for row in rows(engine)].count("done") == 2

        killed_at = time.monotonic()
        second = start_process(own_database_url, log, 4)
        try:
            wait_for(lambda: all(row.state == "done" for row in rows(engine)))
        finally:
            second.send_signal(signal.SIGTERM)
        assert second.wait(10) == 0
        print(f"all done {time.monotonic() - killed_at:.1f} s after the restart (lease 4 s)")
        starts = collections.Counter(line[1] for line in lines(log) if line[0] == "start")
        ends = collections.Counter(line[1] for line in lines(log) if line[0] == "end")
        assert starts == {str(n): 2 if n == 3 else 1 for n in range(1, 9)}
        assert ends == {str(n): 1 for n in range(1, 9)}
        with engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(effects)).scalar() == 8

    def test_sigterm_finishes_the_current_job_and_gives_back_the_rest(
        self, engine: Engine, own_database_url: str, put: Callable[..., None], tmp_path: Path
    ) -> None:
        log = tmp_path / "log"
        for n in range(1, 5):
            put("test.record", f"job-{n}", payload={"n": n, "log": str(log), "seconds": 1.0})
        process = start_process(own_database_url, log, 20)
        wait_for(lambda: log.exists() and lines(log))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert [line[0] for line in lines(log)] == ["start", "end"]
        assert [row.state for row in rows(engine)] == ["done", "waiting", "waiting", "waiting"]

    def test_two_processes_never_run_the_same_job(
        self, engine: Engine, own_database_url: str, put: Callable[..., None], tmp_path: Path
    ) -> None:
        log = tmp_path / "log"
        for n in range(30):
            put("test.record", f"job-{n}", payload={"n": n, "log": str(log), "seconds": 0.05})
        processes = [start_process(own_database_url, log, 20) for _ in range(2)]
        wait_for(lambda: all(row.state == "done" for row in rows(engine)), 60)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(15) for process in processes] == [0, 0]
        assert collections.Counter(line[1] for line in lines(log) if line[0] == "start") == {
            str(n): 1 for n in range(30)
        }


class TestInProcess:
    def test_it_does_not_start_in_tests_unless_asked(self, app: Flask) -> None:
        assert worker.start_in_process(app) is None

    def test_it_runs_once_and_wakes_on_commit(
        self, app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(worker, "POLL_SECONDS", 60.0)
        monkeypatch.setattr(schedule, "PERIODIC", ())
        running = worker.start_in_process(app, in_tests=True)
        assert running is not None
        try:
            assert worker.start_in_process(app, in_tests=True) is None
            time.sleep(0.3)  # the worker has looked, found nothing and waits
            with app.app_context(), transaction() as session:
                enqueue(session, kind="test.record", key="a", payload={"n": 1, "log": str(tmp_path / "log")})
            wait_for(lambda: rows(engine)[0].state == "done", 5)
        finally:
            running.stop()
            assert running.join(5)
            app.extensions.pop("zhicheng_jobs")


class TestSchedule:
    def test_a_bucket_is_enqueued_once_by_any_number_of_workers(self, app: Flask, engine: Engine) -> None:
        now = dt.datetime(2026, 3, 1, 8, 20, tzinfo=dt.UTC)
        for moment in (now, now, now + dt.timedelta(minutes=5), now + dt.timedelta(minutes=45)):
            with Session(engine) as session, session.begin():
                schedule.enqueue_periodic(session, moment)
        assert collections.Counter(row.kind for row in rows(engine, "")) == {
            "audit.anchor": 2, "session.sweep": 2, "job.purge": 1, "deadline.remind": 2, "achievement_import.purge": 1,
            "export.purge": 1, "mail.digest": 1,
        }

    def test_periodic_jobs_run(self, app: Flask, engine: Engine) -> None:
        old, now = utcnow() - dt.timedelta(days=100), utcnow()
        with system_scope(), Session(engine) as session, session.begin():
            session.execute(delete(WebSession))
            session.add(WebSession(session_id="old", data=b"", expires_at=old))
            session.add(WebSession(session_id="live", data=b"", expires_at=now + dt.timedelta(hours=1)))
            for key, state in (("long-done", "done"), ("long-failed", "failed")):
                session.add(Job(kind="test.fail", key=key, payload={}, state=state, finished_at=old))
            schedule.enqueue_periodic(session, now)
        assert worker.run_due(app) == {"done": len(schedule.PERIODIC)}
        assert [row.key for row in rows(engine) if row.kind == "test.fail"] == ["long-failed"]
        with engine.connect() as connection:
            assert connection.execute(select(WebSession.__table__.c.session_id)).scalars().all() == ["live"]
