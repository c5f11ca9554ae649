"""Runs jobs: claim a few, keep their lease warm, run each handler in an app context of its own, record what came of it."""

from __future__ import annotations

import atexit
import collections
import datetime as dt
import logging
import signal
import threading
import traceback
from pathlib import Path
from types import FrameType

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import StatementError

from app import outbox
from app.extensions import db
from app.jobs import lease, registry, schedule
from app.jobs.lease import LEASE, Heartbeat
from app.scope import system_scope

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
BATCH = 4  # a worker that is killed leaves at most so many jobs waiting for their lease to end


def engine_of(app: Flask) -> Engine:
    """The application's engine; jobs claim on connections of their own, beside any session."""
    with app.app_context():
        engine: Engine = db.engine
    return engine


def run_one(app: Flask, job_id: int, *, token: str, duration: dt.timedelta = LEASE) -> str:
    """Run one job claimed under `token`. Returns what became of it: done, waiting (to be retried), failed or lost."""
    engine = engine_of(app)
    with engine.begin() as connection:
        job = lease.begin(connection, job_id, token=token, lease=duration)
    if job is None:
        return "lost"
    try:
        with app.app_context(), system_scope():
            registry.handler_of(job.kind)(job)
    except Exception as error:
        final = isinstance(error, registry.GiveUp)
        with engine.begin() as connection:
            state = lease.fail(connection, job, token=token, error=describe(error), final=final)
        log.warning("job %s (%s) attempt %s: %s, now %s", job.id, job.kind, job.attempts, type(error).__name__, state)
        return state
    with engine.begin() as connection:
        held = lease.finish(connection, job_id, token=token)
    if not held:
        log.warning("job %s (%s) was done after its lease had ended", job.id, job.kind)
    return "done" if held else "lost"


def describe(error: Exception) -> str:
    """What staff see of an error: its class, its words and the line of ours it came from.

    Of a job that gave up the words alone: they are a sentence for whoever ordered it. Of a database error only the first line: the rest
    holds the statement's values, which may be personal data.
    """
    if isinstance(error, registry.GiveUp):
        return str(error)
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if f"{Path(__file__).parents[1]}" in frame.filename:
            place = f" ({Path(frame.filename).name}:{frame.lineno})"
    words = str(error.orig).partition("\n")[0] if isinstance(error, StatementError) else str(error)
    return f"{type(error).__name__}: {words}{place}"


def run_message(app: Flask, job_id: int) -> str:
    """Run the job a message names, if it is due and free; "skipped" otherwise, which makes duplicates harmless."""
    engine, token = engine_of(app), lease.new_token()
    with engine.begin() as connection:
        if not lease.claim_one(connection, job_id, token=token):
            return "skipped"
    with Heartbeat(engine, token=token):
        return run_one(app, job_id, token=token)


def run_due(app: Flask, limit: int = 1000) -> collections.Counter[str]:
    """Run what is due, and what that enqueues, in this thread until nothing is left. Counts by outcome."""
    outcomes: collections.Counter[str] = collections.Counter()
    while (left := limit - outcomes.total()) > 0:
        done = _run_batch(app, threading.Event(), batch=min(BATCH, left), duration=LEASE)
        if not done:
            break
        outcomes.update(done)
    return outcomes


def _run_batch(app: Flask, stopping: threading.Event, *, batch: int, duration: dt.timedelta) -> list[str]:
    engine, token = engine_of(app), lease.new_token()
    with engine.connect() as connection:
        if not lease.anything_due(connection):
            return []
    with engine.begin() as connection:
        ids = lease.claim(connection, token=token, limit=batch, lease=duration)
    outcomes: list[str] = []
    if ids:
        with Heartbeat(engine, token=token, lease=duration):
            while ids and not stopping.is_set():
                outcomes.append(run_one(app, ids.pop(0), token=token, duration=duration))
            if ids:
                with engine.begin() as connection:
                    lease.release(connection, ids, token=token)
    return outcomes


class Worker:
    """Threads that run jobs until `stop`. One of them also enqueues the periodic work."""

    def __init__(self, app: Flask, *, concurrency: int = 1, batch: int = BATCH, duration: dt.timedelta = LEASE) -> None:
        self._app, self._batch, self._lease = app, batch, duration
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(number == 0,), name=f"job-worker-{number}", daemon=True)
            for number in range(concurrency)
        ]

    def start(self) -> None:
        """Start the threads."""
        registry.load()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask the threads to end after the job each is running."""
        self._stopping.set()
        outbox.ring()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the threads, up to `timeout` seconds each; whether all have ended."""
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _loop(self, keeps_time: bool) -> None:
        bell = outbox.subscribe()
        clock = schedule.Clock(self._app) if keeps_time else None
        while not self._stopping.is_set():
            bell.clear()
            try:
                if clock:
                    clock.tick()
                if _run_batch(self._app, self._stopping, batch=self._batch, duration=self._lease):
                    continue
            except Exception:  # mostly a database that is away: the rows stay where they are, the thread must live
                log.exception("the job worker could not reach the outbox")
            bell.wait(POLL_SECONDS)


def run_until_signalled(worker: Worker) -> None:
    """Run in the main thread until SIGTERM or SIGINT; the jobs being run are finished first."""

    def stop(number: int, frame: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    worker.start()
    while not worker.join(0.5):
        pass


_EXTENSION = "zhicheng_jobs"


def start_in_process(app: Flask, *, in_tests: bool = False) -> Worker | None:
    """Run jobs on one thread of this process, or, with QUEUE_URL, relay them to the broker. Once per application.

    Does nothing under TESTING unless `in_tests`. Returns the worker, None when there is none to return.
    """
    if app.config.get("TESTING") and not in_tests:
        return None
    if _EXTENSION in app.extensions:
        return None
    if app.config.get("QUEUE_URL"):
        from app.jobs import relay  # Celery is an optional extra

        running: Worker | relay.Relay = relay.Relay(app)
    else:
        running = Worker(app)
    app.extensions[_EXTENSION] = running
    running.start()
    atexit.register(lambda: (running.stop(), running.join(5)))
    return running if isinstance(running, Worker) else None
