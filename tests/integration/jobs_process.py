"""A small application with two test handlers, and a worker process over it, for the tests of app.jobs.

`python -m tests.integration.jobs_process URL LOG LEASE_SECONDS` works until SIGTERM. Handlers append lines to LOG:
`start|end <n> <attempt> <pid> <monotonic seconds>`, and insert their effect once into `test_effect`.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Column, Engine, Integer, MetaData, Table, text

from app.extensions import configure_engine, db
from app.jobs import worker
from app.jobs.registry import GiveUp, JobView, handler
from app.transaction import transaction

effects = Table("test_effect", MetaData(), Column("n", Integer, primary_key=True))


def make_app(url: str, **config: Any) -> Flask:
    """A Flask application with the database and nothing else."""
    app = Flask("jobs_test")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url, TESTING=True, SECRET_KEY="test", QUEUE_URL="", MAIL_URL="",
        PUBLIC_URL="http://127.0.0.1:8000", APP_NAME="职称申报系统", **config,
    )
    db.init_app(app)
    configure_engine(app)
    return app


def create_tables(engine: Engine) -> None:
    """Every table of the product, and the effects."""
    db.metadata.create_all(engine)
    effects.metadata.create_all(engine)


def _log(job: JobView, word: str) -> None:
    line = f"{word} {job.payload['n']} {job.attempts} {os.getpid()} {time.monotonic()}\n"
    descriptor = os.open(job.payload["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line.encode())
    os.close(descriptor)


@handler("test.record")
def record(job: JobView) -> None:
    """Idempotent: the effect is keyed. `hang`: on its first attempt the job stays in the middle for an hour."""
    _log(job, "start")
    with transaction() as session:
        session.execute(text("INSERT INTO test_effect (n) VALUES (:n) ON CONFLICT DO NOTHING"), {"n": job.payload["n"]})
    if job.payload.get("hang") and job.attempts == 1:
        time.sleep(3600)
    time.sleep(job.payload.get("seconds", 0.0))
    _log(job, "end")


@handler("test.fail")
def fail(job: JobView) -> None:
    """Fails on the first `failures` attempts; `final` gives up."""
    if job.payload.get("final"):
        raise GiveUp("no such address")
    if job.attempts <= job.payload.get("failures", 0):
        raise ValueError("the printer is on fire")


def main() -> None:
    """Work until SIGTERM."""
    url, log, lease_seconds = sys.argv[1:4]
    app = make_app(url)
    Path(log).touch()
    workers = worker.Worker(app, batch=4, duration=dt.timedelta(seconds=float(lease_seconds)))
    worker.run_until_signalled(workers)


if __name__ == "__main__":
    main()
