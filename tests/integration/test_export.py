"""导出: short lists leave at once, long ones by a job; nobody else's, not for ever, always on record."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, insert, select, update

from app.extensions import db
from app.jobs import export as jobs
from app.jobs.registry import GiveUp, JobView
from app.scope import system_scope
from app.services import export as exports
from models.account import Account
from models.achievement import Achievement
from models.audit import AuditEvent
from models.base import utcnow
from models.export import Export
from models.file import StoredFile
from models.job import Job
from models.notification import Notification
from tests.factories import person as people
from tests.integration.portfolio_place import Place, body

Login = Callable[[FlaskClient, str], FlaskClient]
_export, _achievement, _event = Export.__table__, Achievement.__table__, AuditEvent.__table__
MINE, UNITS = "/portfolio/import/work_experience/export/", "/unit/achievements/kind/work_experience/export/?tab=approved"


@pytest.fixture
def place(app: Flask) -> Place:
    return Place()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "DIRECT", 3)
    monkeypatch.setattr(jobs, "STEP", 4)


def items(place: Place, count: int) -> None:
    now = utcnow()
    db.session.execute(insert(_achievement), [{
        "person_id": place.person_id, "organization_id": place.unit.id, "kind_id": place.kind_id,
        "kind_version_id": place.version_id, "summary": f"第{n}条", "data": {"unit_name": f"第{n}条", "start_date": "2015-03-04"},
        "state": "approved", "version": 1, "submitted_at": now, "created_at": now, "updated_at": now,
    } for n in range(count)])
    db.session.commit()


def only() -> Any:
    db.session.rollback()
    return db.session.execute(select(_export)).one()


def work(kind: str = "export.make") -> None:
    table = Job.__table__
    db.session.rollback()
    row = db.session.execute(select(table).where(table.c.kind == kind).order_by(table.c.id.desc())).first()
    db.session.rollback()
    with system_scope():
        jobs.make(JobView(row.id, kind, row.key, row.payload, 1, 5))


def names(data: bytes) -> list[Any]:
    return [row[1].value for row in load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(min_row=4)]


def events(word: str) -> list[Any]:
    db.session.rollback()
    return list(db.session.execute(select(_event.c.data).where(_event.c.event == word)).scalars())


def test_a_short_list_leaves_at_once_and_is_on_record(place: Place, client: FlaskClient, login: Login) -> None:
    items(place, 3)
    answer = login(client, "applicant").post(MINE + "?q=第")
    assert names(answer.data) == ["第2条", "第1条", "第0条"]
    assert events("roster:exported") == [
        {"kind": "own_achievements", "params": {"kind": "work_experience", "state": "", "text": "第"}, "rows": 3}
    ]
    assert client.get(MINE).status_code == 405, "reading a page writes nothing"


def test_a_long_list_is_made_by_a_job_and_downloaded(place: Place, client: FlaskClient, login: Login) -> None:
    items(place, 11)
    me = login(client, "unit")
    answer = me.post(UNITS)
    assert answer.status_code == 303
    assert me.post(UNITS).headers["Location"] == answer.headers["Location"], "made once however often it is pressed"
    page = body(me.get(answer.headers["Location"]))
    assert "正在生成：0 / 11 条" in page
    assert 'data-refresh="2"' in page
    work()
    row = only()
    assert (row.state, row.total, row.done) == ("made", 11, 11)
    work()
    assert only().file_id == row.file_id, "a made file is not made again"
    told = Notification.__table__
    assert db.session.scalar(select(told.c.link).where(told.c.key.startswith("export:"))) == f"/exports/{row.id}"
    assert "下载" in body(me.get(f"/exports/{row.id}"))
    assert "业绩档案-工作经历" in body(me.get("/exports/"))
    got = me.post(f"/exports/{row.id}/download")
    sheet = load_workbook(io.BytesIO(got.data)).worksheets[0]
    assert [line[2].value for line in sheet.iter_rows(min_row=4)] == [f"第{n}条" for n in reversed(range(11))]
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert [len(events(f"export:{word}")) for word in ("requested", "made", "downloaded")] == [1, 1, 1]


def test_progress_is_told_while_rows_are_written(place: Place, client: FlaskClient, login: Login) -> None:
    items(place, 11)
    login(client, "applicant").post(MINE)
    seen: list[int] = []
    with system_scope():
        roster = jobs.compose(db.session(), "own_achievements", place.actor(), {"kind": "work_experience"})
        jobs.render(roster, watch=seen.append)
        exports.progress(export_id=only().id, done=8)
    assert seen == [4, 8]
    assert "正在生成：8 / 11 条" in body(client.get(f"/exports/{only().id}"))


def test_nobody_else_sees_or_takes_it(place: Place, app: Flask, client: FlaskClient, login: Login) -> None:
    items(place, 11)
    login(client, "unit").post(UNITS)
    work()
    row = only()
    people.account("unit2", role="Employer", organization_id=place.unit.id)
    people.unit("stranger")
    people.account("boss", role="Admin")
    for name in ("unit2", "stranger", "applicant", "boss"):
        other = login(app.test_client(), name)
        assert other.get(f"/exports/{row.id}").status_code == 404
        assert other.post(f"/exports/{row.id}/download").status_code == 404
        if name != "boss":  # the platform's administrators see every file
            assert other.get(f"/files/stored/{row.file_id}").status_code in (403, 404)
    assert events("export:downloaded") == []


def test_who_moves_to_another_unit_leaves_the_files_behind(place: Place, client: FlaskClient, login: Login) -> None:
    items(place, 11)
    login(client, "unit").post(UNITS)
    work()
    elsewhere = people.unit("elsewhere").id
    db.session.execute(update(Account.__table__).where(Account.__table__.c.username == "unit").values(organization_id=elsewhere))
    db.session.commit()
    assert client.get(f"/exports/{only().id}").status_code == 404
    assert client.post(f"/exports/{only().id}/download").status_code == 404


def test_who_left_before_it_was_made_gets_nothing(place: Place, client: FlaskClient, login: Login) -> None:
    items(place, 11)
    login(client, "unit").post(UNITS)
    elsewhere = people.unit("elsewhere").id
    db.session.execute(update(Account.__table__).where(Account.__table__.c.username == "unit").values(organization_id=elsewhere))
    db.session.commit()
    with pytest.raises(GiveUp):
        work()
    assert (only().state, only().file_id) == ("failed", None)


def test_a_list_longer_than_a_file_is_refused_with_a_sentence(
    place: Place, client: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    items(place, 11)
    monkeypatch.setattr(exports, "MOST", 10)
    answer = login(client, "applicant").post(MINE, follow_redirects=True)
    assert "一次最多导出 10 条" in body(answer)
    assert db.session.scalar(select(func.count()).select_from(_export)) == 0


def test_an_error_is_said_and_the_list_can_be_asked_for_again(
    place: Place, client: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    items(place, 11)
    me = login(client, "applicant")
    me.post(MINE)
    with monkeypatch.context() as broken:
        broken.setattr(jobs, "render", lambda *_a, **_k: (_ for _ in ()).throw(RuntimeError("the disk is full")))
        with system_scope(), pytest.raises(RuntimeError):
            jobs.make(JobView(1, "export.make", "k", {"export_id": only().id}, 5, 5))
    assert "请稍后重新导出" in body(me.get(f"/exports/{only().id}"))
    assert me.post(MINE).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(_export)) == 2


def test_files_are_deleted_after_some_days(place: Place, client: FlaskClient, login: Login) -> None:
    items(place, 11)
    me = login(client, "applicant")
    me.post(MINE)
    work()
    export_id = only().id
    db.session.execute(update(_export).values(expires_at=utcnow()))
    db.session.commit()
    assert me.get(f"/exports/{export_id}").status_code == 404
    with system_scope():
        jobs.purge(JobView(1, "export.purge", "x", {}, 1, 5))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(_export)) == 0
    assert db.session.scalar(select(func.count()).select_from(StoredFile.__table__)) == 0
    assert len(events("export:made")) == 1
