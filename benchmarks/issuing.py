"""Issuing certificates with several worker processes: `issue` prepares people with approved results and times the whole job path.

`python -m benchmarks.issuing URL FILES COUNT` is one worker process: it works until COUNT certificates have a file.
"""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
import tempfile
import time
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import func, insert, select

import config
from app.actor import SYSTEM
from app.extensions import db
from app.factory import create_app
from app.jobs import registry, worker
from app.outbox import enqueue
from app.release import sync_permissions
from app.reports.pdf import render_pdf
from app.scope import system_scope
from app.services.application_effects import certificate_key
from app.services.file import store_generated
from app.transaction import transaction
from benchmarks.databases import postgresql_url
from models.account import Account
from models.application import Application
from models.base import metadata, utcnow
from models.certificate import Certificate
from models.person import Person
from models.result import Publicity, ReviewResult

_a, _person, _account, _c = Application.__table__, Person.__table__, Account.__table__, Certificate.__table__


def issue(count: int, *, workers: int) -> float:
    """Seconds from the order until `count` certificates have their files, by `workers` processes that are warm."""
    with postgresql_url() as url, tempfile.TemporaryDirectory(prefix="bench") as files:
        app = _app(url, files)
        with app.app_context():
            applications = _prepare(app, count)
            running = [
                subprocess.Popen([sys.executable, "-m", "benchmarks.issuing", url, files, str(count)], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
                for _ in range(workers)
            ]
            try:
                for process in running:
                    assert process.stdout is not None
                    if process.stdout.readline().strip() != "ready":
                        raise RuntimeError("a worker did not start")
                with transaction() as session:
                    for number in applications:
                        enqueue(session, kind="certificate.issue", key=certificate_key(number), payload={"application_id": number})
                started = time.perf_counter()
                for process in running:
                    assert process.stdin is not None
                    process.stdin.write("go\n")
                    process.stdin.flush()
                for process in running:
                    process.wait()
                seconds = time.perf_counter() - started
                made = db.session.execute(select(func.count()).where(_c.c.file_id.is_not(None))).scalar_one()
                if made != count:
                    raise RuntimeError(f"{made} of {count} certificates were made")
                return seconds
            finally:
                for process in running:
                    process.kill()
                    process.wait()
                db.session.remove()
                db.engine.dispose()


def work(url: str, files: str, count: int) -> None:
    """One worker process: says that it is ready, waits for the word, works until everything is done."""
    app = _app(url, files)
    registry.load()
    render_pdf("<p>warm</p>", title="warm")
    print("ready", flush=True)
    sys.stdin.readline()
    running = worker.Worker(app)
    running.start()
    with app.app_context():
        while db.session.execute(select(func.count()).where(_c.c.file_id.is_not(None))).scalar_one() < count:
            db.session.rollback()
            time.sleep(1)  # counting rows is no part of the work
    running.stop()
    running.join(10)


def _app(url: str, files: str) -> Flask:
    return create_app(config.Test, SQLALCHEMY_DATABASE_URI=url, STORAGE_URL=f"file://{files}", SIGNING_SEED="42" * 32)


def _prepare(app: Flask, count: int) -> list[int]:
    """`count` people, each with an application whose result was approved: copies of one that the world has."""
    from tests.factories import teacher_world

    metadata.create_all(db.engine)
    sync_permissions(app.appbuilder)
    teacher_world.build_world()
    who = teacher_world.actor("applicant")
    with system_scope():
        number = teacher_world.started(who)
        photo = store_generated(data=_photo(), name="photo.jpg", media_type="image/jpeg", actor=SYSTEM, person_id=who.person_id)
        photo_id = photo.id
    with db.engine.begin() as connection:
        account, person, application = (
            dict(connection.execute(select(table).where(table.c.id == key)).mappings().one())
            for table, key in ((_account, who.user_id), (_person, who.person_id), (_a, number))
        )
        first = 1_000_000
        for row in (account, person, application):
            del row["id"]
        ids = range(first, first + count)
        convener = connection.exec_driver_sql(f"SELECT convener_id FROM review_plan WHERE id = {int(application['plan_id'])}").scalar_one()
        plan = connection.execute(insert(Publicity).values(
            plan_id=application["plan_id"], convener_id=convener, starts_on=dt.date(2026, 5, 6), ends_on=dt.date(2026, 5, 20), place="网站",
            created_at=utcnow(), updated_at=utcnow()).returning(Publicity.__table__.c.id)).scalar_one()
        _copies(connection, _account, [account | {"id": i, "username": f"bench{i}", "email": f"bench{i}@example.org"} for i in ids])
        _copies(connection, _person, [
            person | {"id": i, "user_id": i, "id_number_index": f"{i:064d}", "name": f"张{i}", "photo_id": photo_id} for i in ids])
        _copies(connection, _a, [
            application | {"id": i, "person_id": i, "state": "approved", "submitted_at": utcnow(), "decided_at": utcnow()} for i in ids])
        _copies(connection, ReviewResult.__table__, [{
            "application_id": i, "plan_id": application["plan_id"], "convener_id": convener, "members": 25, "present": 21, "agree": 18,
            "against": 2, "abstain": 1, "outcome": "passed", "met_on": dt.date(2026, 5, 1), "group_opinion": "", "publicity_id": plan,
            "announced_on": dt.date(2026, 5, 6), "objection": "", "objection_state": "none", "objection_reply": "", "approval_no": "皖人社〔2026〕1号", "ordered_at": utcnow(),
            "version": 1, "created_at": utcnow(), "updated_at": utcnow()} for i in ids])
    return list(ids)


def _copies(connection: Any, table: Any, rows: list[dict[str, Any]]) -> None:
    for at in range(0, len(rows), 500):
        connection.execute(insert(table), rows[at:at + 500])


def _photo() -> bytes:
    picture = io.BytesIO()
    Image.effect_mandelbrot((413, 579), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(picture, "JPEG", quality=88)
    return picture.getvalue()


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], int(sys.argv[3]))
