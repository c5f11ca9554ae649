"""The grown-up setting: QUEUE_URL names a broker, and Celery workers run the same rows.

A message holds nothing but the row's id, and its receiver takes the lease from the table. So a message that comes
twice finds the lease taken, and one that is lost is sent again by the sweep once `RESEND` has passed. Celery is the
optional extra `celery`; this module imports it when it is needed.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy import Engine, or_, select, update

from app import outbox
from app.jobs import lease, registry, schedule, worker
from models.base import utcnow
from models.job import Job

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)
QUEUE = "zhicheng"
TASK = "zhicheng.run_job"
RESEND = dt.timedelta(minutes=2)
SWEEP_SECONDS = 2.0
BATCH = 200

_job = Job.__table__


def celery_of(app: Flask) -> Celery:
    """The application's Celery app, made once: one queue, JSON only, acknowledged after the work."""
    if "zhicheng_celery" not in app.extensions:
        from celery import Celery

        celery = Celery(QUEUE, broker=app.config["QUEUE_URL"], set_as_current=False)
        celery.conf.update(
            task_serializer="json", accept_content=["json"], task_ignore_result=True, task_default_queue=QUEUE,
            task_acks_late=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True,
            task_publish_retry=False,  # the sweep sends it again
        )
        celery.conf.update(app.config.get("CELERY", {}))

        def run_job(job_id: int) -> str:
            return worker.run_message(app, job_id)

        celery.task(run_job, name=TASK)
        app.extensions["zhicheng_celery"] = celery
    celery_app: Celery = app.extensions["zhicheng_celery"]
    return celery_app


def publish_due(app: Flask) -> int:
    """Send the ids of due rows that were not sent in the last `RESEND`. Returns how many; 0 when the broker is away."""
    engine: Engine = worker.engine_of(app)
    ids = _mark(engine)
    if not ids:
        return 0
    task: Any = celery_of(app).tasks[TASK]
    sent = 0
    try:
        for job_id in ids:
            task.apply_async(args=(job_id,))
            sent += 1
    except Exception:  # each broker client has errors of its own; the rows are safe and are sent later
        log.exception("the broker could not be reached")
        with engine.begin() as connection:
            connection.execute(update(_job).where(_job.c.id.in_(ids[sent:])).values(relayed_at=None))
    return sent


def _mark(engine: Engine) -> list[int]:
    now = utcnow()
    unsent = or_(_job.c.relayed_at.is_(None), _job.c.relayed_at < now - RESEND)
    due = (
        select(_job.c.id).where(_job.c.state == "waiting", _job.c.run_after <= now, unsent)
        .order_by(_job.c.run_after, _job.c.id).limit(BATCH)
    )
    with engine.begin() as connection:
        lease.reclaim(connection)
        if connection.dialect.name == "postgresql":
            due = due.with_for_update(skip_locked=True)
        ids = list(connection.execute(due).scalars())
        if ids:
            connection.execute(update(_job).where(_job.c.id.in_(ids), unsent).values(relayed_at=now))
    return ids


class Relay:
    """A thread that sends ids after each commit of this process, and sweeps the table for what others left."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="job-relay", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        registry.load()
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stopping.set()
        outbox.ring()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread; whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        bell = outbox.subscribe()
        clock = schedule.Clock(self._app)
        while not self._stopping.is_set():
            bell.clear()
            try:
                clock.tick()
                if publish_due(self._app):
                    continue
            except Exception:  # mostly a database that is away: the thread must live
                log.exception("the job relay could not reach the outbox")
            bell.wait(SWEEP_SECONDS)


def run_celery_worker(app: Flask, *, concurrency: int) -> None:
    """Run a Celery worker over the queue until it is told to stop, with a relay thread for the sweep.

    Threads, not forks: connections and locks of this process stay whole, and heavy work (PDF) has processes of its own.
    """
    registry.load()
    relay = Relay(app)
    relay.start()
    try:
        celery_of(app).worker_main([
            "worker", "--loglevel=INFO", "--pool=threads", f"--concurrency={concurrency}", "--without-gossip",
            "--without-mingle",
        ])
    finally:
        relay.stop()
        relay.join(5)
