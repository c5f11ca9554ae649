"""The filling pages of one application among many: queries and server time of whole requests; the overview when it is long."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, insert, select

import config
from app.extensions import db
from app.factory import create_app
from app.release import sync_permissions
from app.scope import system_scope
from benchmarks.databases import DATABASES
from benchmarks.inbox import BenchConfig
from models.account import Account
from models.achievement import Achievement, AchievementKind, AchievementKindVersion
from models.application import Application, ApplicationItem
from models.base import utcnow
from models.file import Attachment, StoredFile
from models.person import Person

REPEATS = 40
CHUNK = 5_000
ITEMS, FILES_EACH = 150, 2


def run(scale: int = 200_000) -> None:
    """Print, for both databases, every page with its queries, median and 95th percentile."""
    print(f"\nFilling pages with {scale:,} applications: queries, ms (median / 95th percentile)")
    for name, database in DATABASES.items():
        with database() as url:
            app = create_app(BenchConfig, SQLALCHEMY_DATABASE_URI=url)
            with app.app_context():
                application_id = _prepare(app, scale)
            for page, queries, median, high in _measure(app, application_id):
                print(f"{name:<12}{page:<42}{queries:>4}{median:>10.1f} / {high:.1f}")
            with app.app_context():
                _lengthen(application_id)
            for page, queries, median, high in _measure(app, application_id, only="overview"):
                print(f"{name:<12}{page} with {ITEMS} items, {ITEMS * FILES_EACH} files{queries:>6}{median:>10.1f} / {high:.1f}")
            with app.app_context():
                db.engine.dispose()


def _prepare(app: Flask, scale: int) -> int:
    from tests.factories import teacher_world as make

    upgrade(directory=str(config.ROOT / "migrations"))
    sync_permissions(app.appbuilder)  # type: ignore[attr-defined]
    make.build_world()
    application_id = make.complete(make.actor("applicant"))
    _crowd(scale, application_id)
    return application_id


def _crowd(scale: int, like: int) -> None:
    """Other people's applications to the same plan: each a person with an account, a copy of one application."""
    account, person, application = Account.__table__, Person.__table__, Application.__table__
    with system_scope():
        pattern = dict(db.session.execute(select(application).where(application.c.id == like)).mappings().one())
        owner = dict(db.session.execute(select(person).where(person.c.id == pattern["person_id"])).mappings().one())
        user = dict(db.session.execute(select(account).where(account.c.id == owner["user_id"])).mappings().one())
    db.session.rollback()
    first = 1_000_000
    with db.engine.begin() as connection:
        for start in range(0, scale, CHUNK):
            numbers = range(first + start, first + min(start + CHUNK, scale))
            connection.execute(insert(account), [
                {**user, "id": n, "username": f"crowd{n}", "email": f"crowd{n}@example.com"} for n in numbers])
            connection.execute(insert(person), [
                {**owner, "id": n, "user_id": n, "id_number_index": f"crowd{n}", "photo_id": None} for n in numbers])
            connection.execute(insert(application), [
                {**pattern, "id": n, "person_id": n, "state": "reviewing" if n % 2 else "editing",
                 "submitted_at": utcnow() if n % 2 else None} for n in numbers])
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _lengthen(application_id: int) -> None:
    """ITEMS imported papers with FILES_EACH files each."""
    from tests.factories import teacher_world as make

    material = make.material(application_id)
    need = next(n for s in material.sections for n in s.requirements if n.kind == "论文发表情况")
    kind, version = AchievementKind.__table__, AchievementKindVersion.__table__
    with db.engine.begin() as connection:
        kind_id, version_id = connection.execute(
            select(kind.c.id, version.c.id).join(version, version.c.kind_id == kind.c.id).where(kind.c.code == "paper")
        ).one()
        for n in range(ITEMS):
            data: dict[str, Any] = {"title": f"论文{n}", "journal": "刊物", "publish_date": "2024-06", "author_order": "独著"}
            achievement = connection.execute(insert(Achievement.__table__).values(
                person_id=material.person.id, organization_id=material.unit.id, kind_id=kind_id, kind_version_id=version_id,
                summary=f"论文{n}", data=data, state="approved", submitted_at=utcnow(), decided_at=utcnow(),
            ).returning(Achievement.__table__.c.id)).scalar_one()
            connection.execute(insert(ApplicationItem.__table__).values(
                application_id=application_id, achievement_id=achievement, page="", standard_item_id=need.id,
                position=n, is_qualifying=False, data=data))
            for m in range(FILES_EACH):
                file = connection.execute(insert(StoredFile.__table__).values(
                    key=f"bench{n}-{m}", name=f"论文{n}-{m}.pdf", media_type="application/pdf", size=1000,
                    sha256=f"{n:032d}{m:032d}", person_id=material.person.id, created_at=dt.datetime.now(dt.UTC),
                ).returning(StoredFile.__table__.c.id)).scalar_one()
                connection.execute(insert(Attachment.__table__).values(
                    file_id=file, subject_type="achievement", subject_id=achievement, slot="attachments",
                    name=f"论文{n}-{m}.pdf", position=m, person_id=material.person.id, created_at=utcnow()))


def _measure(app: Flask, application_id: int, only: str = "") -> Iterator[tuple[str, int, float, float]]:
    from app.demo.accounts import PASSWORD
    from tests.factories import teacher_world as make

    with app.app_context():
        sections = [f"section/{section.id}" for section in make.material(application_id).sections]
        db.session.rollback()
        engine = db.engine
    client = app.test_client()
    if client.post("/login/", data={"username": "applicant", "password": PASSWORD}).status_code != 302:
        raise RuntimeError("could not sign in")
    pages = ["", "choice", "work_experience", "education", "continuing_education", "annual_assessment", *sections,
             "import?page=education", "attachments", "files", "overview", "submit"]
    for page in [page for page in pages if not only or page == only]:
        address = f"/applications/{application_id}/fill/{page}".rstrip("/")
        times, counts = [], [0]

        def count(*_: Any, counts: list[int] = counts) -> None:
            counts[0] += 1

        for n in range(REPEATS + 3):
            if n == REPEATS + 2:
                event.listen(engine, "before_cursor_execute", count)
            started = time.perf_counter()
            if client.get(address).status_code != 200:
                raise RuntimeError(f"{address} did not open")
            times.append((time.perf_counter() - started) * 1000)
        event.remove(engine, "before_cursor_execute", count)
        yield page or "basic", counts[0], statistics.median(times[3:]), statistics.quantiles(times[3:], n=20)[-1]
