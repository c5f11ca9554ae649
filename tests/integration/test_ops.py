"""The console: only for operations, read only, its one action goes through the service."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from models.audit import AuditEvent
from models.base import utcnow
from models.job import Job
from models.setting import Setting
from tests.conftest import Login
from tests.factories import person as people
from tests.factories.rows import save


@pytest.fixture
def ops(app: Flask, client: FlaskClient, login: Login) -> FlaskClient:
    people.account("ops1", role="Ops")
    return login(client, "ops1")


@pytest.fixture
def failed(app: Flask) -> int:
    return save(Job(kind="certificate.render", key="k1", state="failed", attempts=5, finished_at=utcnow(),
                    last_error="<b>字体</b>缺失", payload={"id": 3}))


def test_staff_see_jobs_and_their_details(ops: FlaskClient, failed: int) -> None:
    page = ops.get("/ops/job/").text
    assert "certificate.render" in page
    assert "&lt;b&gt;字体" in page
    details = ops.get(f"/ops/job/details/?id={failed}")
    assert details.status_code == 200
    assert "&#34;id&#34;:3" in details.text


@pytest.mark.parametrize("query", ["id=abc", "id=", "id=999999", "id=1e9", "id=99999999999999999999", ""])
def test_odd_keys_are_no_error(ops: FlaskClient, query: str) -> None:
    assert ops.get(f"/ops/job/details/?{query}").status_code in (302, 404)


@pytest.mark.parametrize("query", ["page=abc", "page=-4", "sort=99", "sort=x", "flt0_99=x", "search=%00", "page_size=1000000"])
def test_odd_questions_are_no_error(ops: FlaskClient, failed: int, query: str) -> None:
    assert ops.get(f"/ops/job/?{query}").status_code < 500


def test_a_failed_job_is_run_again_and_recorded(ops: FlaskClient, failed: int) -> None:
    assert ops.post("/ops/job/action/", data={"action": "rerun", "rowid": [failed]}).status_code == 302
    job, event = Job.__table__, AuditEvent.__table__
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(job.c.state).where(job.c.id == failed)).scalar_one() == "waiting"
        assert connection.execute(sa.select(event.c.event)).scalars().all() == ["job:rerun"]


@pytest.mark.parametrize("path", [
    "/ops/job/new/", "/ops/job/edit/?id=1", "/ops/job/delete/", "/ops/job/export/csv/", "/ops/job/ajax/update/",
    "/ops/setting/edit/?id=1", "/ops/static/x.js",
])
def test_nothing_else_can_be_done(ops: FlaskClient, failed: int, path: str) -> None:
    assert ops.get(path).status_code == 404
    assert ops.post(path).status_code in (404, 405)


def test_the_trail_and_the_settings_are_shown(ops: FlaskClient) -> None:
    save(Setting(key="certificate.number_template", value={"a": 1}, label="证书编号"))
    assert "certificate.number_template" in ops.get("/ops/setting/").text
    ops.post("/logout/")
    assert ops.get("/ops/audit/").headers["Location"].startswith("/login/?next=")
