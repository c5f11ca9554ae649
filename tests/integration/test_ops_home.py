"""/ops: how the platform runs, and running failed jobs again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from app.actor import SYSTEM
from app.audit import Event, anchor, record_event
from app.extensions import db
from app.jobs.registry import kinds
from app.scope import system_scope
from app.transaction import transaction
from models.audit import AuditAnchor, AuditEvent
from models.base import utcnow
from models.job import Job
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people
from tests.factories.rows import save
from views.ops import home
from views.ops.home import KINDS, age, first_line


@pytest.fixture
def ops(app: Flask, client: FlaskClient, login: Login) -> Iterator[FlaskClient]:
    app.extensions.pop("zhicheng_stored", None)
    people.account("ops1", role="Ops")
    yield login(client, "ops1")
    app.extensions.pop("zhicheng_stored", None)


def failed(error: str = "", key: str = "k") -> int:
    return save(Job(kind="certificate.render", key=key, state="failed", attempts=5, finished_at=utcnow(), last_error=error))


def state_of(pk: int) -> str:
    job = Job.__table__
    with db.engine.connect() as connection:
        return str(connection.execute(sa.select(job.c.state).where(job.c.id == pk)).scalar_one())


def set_anchor(ago: dt.timedelta, *, up_to: int = 7) -> None:
    save(AuditAnchor(at=utcnow() - ago, last_event_id=up_to, events=7, digest="a" * 64, previous_digest="0" * 64))


def test_an_idle_platform_says_so(ops: FlaskClient) -> None:
    set_anchor(dt.timedelta(minutes=5))
    page = ops.get("/ops/").text
    assert "没有失败的任务" in page
    assert "5 分钟前" in page
    assert "第 7 条" in page
    assert "（最新）" in page
    assert 'class="note' not in page


def test_incidents_show_the_first_line_and_can_be_run_again(ops: FlaskClient) -> None:
    pk = failed("\nFontMissing: <b>仿宋</b>\n  File \"x.py\"")
    page = ops.get("/ops/").text
    assert "FontMissing: &lt;b&gt;仿宋&lt;/b&gt;" in page
    assert "x.py" not in page
    assert "生成证书文件" in page
    assert f"重新执行任务 {pk}（生成证书文件）？" in page
    answer = ops.post(f"/ops/incidents/{pk}/rerun")
    assert answer.headers["Location"] == "/ops/"
    assert state_of(pk) == "waiting"
    assert f"任务 {pk} 已重新排队" in ops.get("/ops/").text
    event = AuditEvent.__table__
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(event.c.event)).scalars().all() == ["job:rerun"]


def test_running_again_is_refused_with_a_sentence(ops: FlaskClient) -> None:
    done = save(Job(kind="k", key="done", state="done", finished_at=utcnow()))
    ops.post(f"/ops/incidents/{done}/rerun")
    assert "没有失败，或已被重新执行" in ops.get("/ops/").text
    assert state_of(done) == "done"
    ops.post("/ops/incidents/999999/rerun")
    assert "没有这个后台任务" in ops.get("/ops/").text


@pytest.mark.parametrize("role", ["Applicant", "Employer", "Convener", "Issuer", ""])
def test_others_are_kept_out(app: Flask, login: Login, role: str) -> None:
    pk = failed()
    client = app.test_client()
    if role:
        people.account("somebody", role=role)
        login(client, "somebody")
    for answer in (client.get("/ops/"), client.post(f"/ops/incidents/{pk}/rerun")):
        assert answer.status_code == (403 if role else 302)
    assert state_of(pk) == "failed"


def test_running_again_needs_a_post_and_a_token(ops: FlaskClient, csrf: None) -> None:
    pk = failed()
    assert ops.get(f"/ops/incidents/{pk}/rerun").status_code == 405
    assert ops.post(f"/ops/incidents/{pk}/rerun").status_code == 400
    assert state_of(pk) == "failed"


def test_a_queue_that_stands_still_is_reported(ops: FlaskClient) -> None:
    save(Job(kind="k", key="later", run_after=utcnow() + dt.timedelta(days=1)))
    assert "请检查后台任务进程" not in ops.get("/ops/").text.replace("定锚每小时自动进行一次，请检查后台任务进程", "")
    save(Job(kind="k", key="due", run_after=utcnow() - dt.timedelta(hours=3)))
    assert "有任务已等待 3 小时 未执行" in ops.get("/ops/").text


def test_an_anchor_older_than_a_day_is_reported(ops: FlaskClient) -> None:
    assert "审计记录还没有定锚" in ops.get("/ops/").text
    set_anchor(dt.timedelta(days=3), up_to=0)
    assert "审计记录已 3 天 没有定锚" in ops.get("/ops/").text
    with system_scope(), transaction() as session:
        record_event(session, event=Event.JOB_RERUN, subject_type="job", subject_id=1, actor=SYSTEM)
        anchor(session)
    page = ops.get("/ops/").text
    assert "没有定锚" not in page
    assert "还没有" not in page


def test_storage_is_counted_once_in_a_while(app: Flask, ops: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "0 个" in ops.get("/ops/").text
    person = people.person("p1")
    make.stored_file(person_id=person)
    monkeypatch.setattr(home, "STORAGE_IS_KEPT", dt.timedelta(minutes=10))
    assert app.extensions["zhicheng_stored"].files == 0
    ops.get("/ops/")
    assert app.extensions["zhicheng_stored"].files == 0
    monkeypatch.setattr(home, "STORAGE_IS_KEPT", dt.timedelta(0))
    ops.get("/ops/")
    assert app.extensions["zhicheng_stored"].files == 1
    assert app.extensions["zhicheng_stored"].size > 0


def test_another_version_of_the_database_is_reported(ops: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "数据库版本与程序不一致" not in ops.get("/ops/").text
    monkeypatch.setattr(home, "code_revision", lambda: "9999")
    assert "数据库版本与程序不一致" in ops.get("/ops/").text


def test_the_page_costs_the_same_whatever_there_is(ops: FlaskClient) -> None:
    failed(key="first")
    ops.get("/ops/")
    few = _queries(ops)
    for n in range(30):
        failed(key=f"k{n}")
    assert _queries(ops) == few <= 14
    assert "这里是最近的 20 个" in ops.get("/ops/").text


def _queries(client: FlaskClient) -> int:
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get("/ops/").status_code == 200
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)
    return len([statement for statement in sent if not statement.startswith("PRAGMA")])


def test_every_kind_of_job_has_a_name(app: Flask) -> None:
    assert {kind for kind in kinds() if not kind.startswith("test.")} - KINDS.keys() == set()


@pytest.mark.parametrize(("span", "words"), [
    (dt.timedelta(seconds=-3), "0 秒"), (dt.timedelta(seconds=59), "59 秒"), (dt.timedelta(minutes=59), "59 分钟"),
    (dt.timedelta(hours=47), "47 小时"), (dt.timedelta(days=2), "2 天"),
])
def test_ages_are_said_in_one_unit(app: Flask, span: dt.timedelta, words: str) -> None:
    with app.test_request_context():
        assert age(span) == words


def test_long_first_lines_are_cut() -> None:
    assert first_line("") == ""
    assert len(first_line("x" * 500)) == 200
