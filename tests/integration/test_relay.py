"""QUEUE_URL: the same rows through Celery. The broker is Celery's own in-memory one; the lease is the real table's."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from app.jobs import lease, relay, worker
from app.outbox import enqueue
from app.transaction import transaction
from models.base import utcnow
from models.job import Job
from tests.database import Databases
from tests.integration.jobs_process import create_tables, make_app
from tests.integration.own_database import own_database

pytest.importorskip("celery", reason="install the extra `celery` to test the relay")
_job = Job.__table__


@pytest.fixture(scope="module")
def app(store: Databases) -> Iterator[Flask]:
    with own_database(store) as url:
        app = make_app(url)
        app.config["QUEUE_URL"] = "memory://"
        engine = worker.engine_of(app)
        create_tables(engine)
        yield app
        engine.dispose()


@pytest.fixture
def engine(app: Flask) -> Iterator[Engine]:
    engine = worker.engine_of(app)
    with engine.begin() as connection:
        connection.execute(delete(_job))
    yield engine
    with relay.celery_of(app).connection() as connection:
        connection.default_channel.queue_purge(relay.QUEUE)


@pytest.fixture
def eager(app: Flask) -> Iterator[None]:
    relay.celery_of(app).conf.task_always_eager = True
    yield
    relay.celery_of(app).conf.task_always_eager = False


@pytest.fixture
def celery_worker(app: Flask) -> Iterator[None]:
    from celery.contrib.testing.worker import start_worker

    with start_worker(relay.celery_of(app), perform_ping_check=False, pool="threads", concurrency=2):
        yield


def put(engine: Engine, key: str, log: Path, n: int = 1, **payload: Any) -> int:
    with Session(engine) as session, session.begin():
        enqueue(session, kind="test.record", key=key, payload={"n": n, "log": str(log), **payload})
    with engine.connect() as connection:
        return int(connection.execute(select(_job.c.id).where(_job.c.key == key)).scalar_one())


def state(engine: Engine, job_id: int) -> str:
    with engine.connect() as connection:
        return str(connection.execute(select(_job.c.state).where(_job.c.id == job_id)).scalar_one())


def starts(log: Path) -> list[str]:
    return [line.split()[1] for line in log.read_text().splitlines() if line.startswith("start")] if log.exists() else []


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def queued(app: Flask) -> list[list[int]]:
    """The arguments of the messages that wait in the broker, taking them off."""
    found = []
    with relay.celery_of(app).connection() as connection:
        queue = connection.SimpleQueue(relay.QUEUE)
        while queue.qsize():
            message = queue.get(block=False)
            message.ack()
            found.append(message.payload[0])
        queue.close()
    return found


def test_a_message_holds_the_row_id_and_nothing_else(app: Flask, engine: Engine, tmp_path: Path) -> None:
    job_id = put(engine, "a", tmp_path / "log")
    assert relay.publish_due(app) == 1
    assert queued(app) == [[job_id]]
    assert state(engine, job_id) == "waiting"


def test_the_task_takes_the_lease_from_the_table(app: Flask, engine: Engine, eager: None, tmp_path: Path) -> None:
    log = tmp_path / "log"
    job_id = put(engine, "a", log)
    with engine.begin() as connection:
        assert lease.claim(connection, token="another", limit=1) == [job_id]
    task = relay.celery_of(app).tasks[relay.TASK]
    assert task.apply_async(args=(job_id,)).result == "skipped"
    assert starts(log) == []
    with engine.begin() as connection:
        lease.release(connection, [job_id], token="another")
    assert task.apply_async(args=(job_id,)).result == "done"
    assert (starts(log), state(engine, job_id)) == (["1"], "done")


def test_a_message_that_comes_twice_does_no_harm(app: Flask, engine: Engine, eager: None, tmp_path: Path) -> None:
    log = tmp_path / "log"
    job_id = put(engine, "a", log)
    task = relay.celery_of(app).tasks[relay.TASK]
    assert [task.apply_async(args=(job_id,)).result for _ in range(3)] == ["done", "skipped", "skipped"]
    assert starts(log) == ["1"]


def test_two_copies_at_the_same_time_run_once(
    app: Flask, engine: Engine, celery_worker: None, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    job_id = put(engine, "a", log, seconds=0.5)
    task = relay.celery_of(app).tasks[relay.TASK]
    for _ in range(2):
        task.apply_async(args=(job_id,))
    wait_for(lambda: state(engine, job_id) == "done")
    wait_for(lambda: not queued(app))
    assert starts(log) == ["1"]


def test_a_lost_message_is_sent_again_by_the_sweep(app: Flask, engine: Engine, tmp_path: Path) -> None:
    job_id = put(engine, "a", tmp_path / "log")
    relay.publish_due(app)
    assert queued(app) == [[job_id]]  # taken off and never worked on: the message is lost
    assert relay.publish_due(app) == 0  # not yet
    with engine.begin() as connection:
        connection.execute(update(_job).values(relayed_at=utcnow() - relay.RESEND - dt.timedelta(seconds=1)))
    assert relay.publish_due(app) == 1
    assert queued(app) == [[job_id]]


def test_a_worker_that_died_holding_a_message_is_replaced(app: Flask, engine: Engine, tmp_path: Path) -> None:
    job_id = put(engine, "a", tmp_path / "log")
    relay.publish_due(app)
    queued(app)
    with engine.begin() as connection:
        assert lease.claim_one(connection, job_id, token="dead")
        connection.execute(update(_job).values(lease_until=utcnow() - dt.timedelta(seconds=1)))
    assert relay.publish_due(app) == 1
    assert queued(app) == [[job_id]]


def test_without_the_broker_nothing_is_lost(
    app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job_id = put(engine, "a", tmp_path / "log")

    def away(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no route to the broker")

    task = relay.celery_of(app).tasks[relay.TASK]
    with monkeypatch.context() as patch:
        patch.setattr(task, "apply_async", away)
        assert relay.publish_due(app) == 0
    assert relay.publish_due(app) == 1
    assert queued(app) == [[job_id]]


def test_only_due_rows_are_sent(app: Flask, engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        later = utcnow() + dt.timedelta(hours=1)
        enqueue(session, kind="test.record", key="later", payload={}, run_after=later)
    assert relay.publish_due(app) == 0


def test_a_commit_in_this_process_reaches_a_celery_worker(
    app: Flask, engine: Engine, celery_worker: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 60.0)
    monkeypatch.setattr("app.jobs.schedule.PERIODIC", ())
    assert worker.start_in_process(app, in_tests=True) is None  # a relay, no worker
    running = app.extensions["zhicheng_jobs"]
    log = tmp_path / "log"
    try:
        time.sleep(0.3)
        with app.app_context(), transaction() as session:
            for n in range(5):
                enqueue(session, kind="test.record", key=f"job-{n}", payload={"n": n, "log": str(log)})
        wait_for(lambda: sorted(starts(log)) == ["0", "1", "2", "3", "4"], 10)
    finally:
        running.stop()
        assert running.join(5)
        app.extensions.pop("zhicheng_jobs")
    assert threading.active_count() < 20
