"""电子章: installed by the platform, kept encrypted, set on a form when its node is passed, checked by anybody."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.errors import DomainError
from app.extensions import db
from app.jobs.worker import run_due
from app.queries import seal as queries
from app.reports.form import FORMS
from app.reports.sealing import certificate_of, check_seals, empty_fields, read_p12, round_seal, self_signed
from app.scope import scope_of, scoped, system_scope
from app.services import review, seal
from app.services.file import content
from app.transaction import current_session
from models.case import Task
from models.document import Document
from models.file import StoredFile
from models.seal import Seal
from tests.database import Databases, build_template
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.unit_world import unit

Login = Callable[[FlaskClient, str], FlaskClient]
_s = Seal.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    base = build_template(application, store, "teacher_plan", make.build_world, base="empty")

    def begin() -> None:
        who = make.actor("applicant")
        with scoped(scope_of(who)):
            make.submitted(who)

    return build_template(application, store, "sealed", begin, base=base)


@pytest.fixture
def platform(app: Flask, client: FlaskClient, login: Login) -> FlaskClient:
    return login(client, "admin")


def passed_by_the_unit() -> int:
    who = make.actor("unit")
    task = Task.__table__
    row = current_session().execute(select(task).where(task.c.subject_type == "application", task.c.state == "open")).one()
    current_session().rollback()
    with scoped(scope_of(who)):
        review.claim(task_id=row.id, actor=who)
        recommend_application(row.subject_id, who)
        review.approve(task_id=row.id, actor=who)
    return int(row.subject_id)


def made_form(app: Flask, client: FlaskClient, application_id: int) -> bytes:
    assert client.post(f"/forms/application/{application_id}/review_form").status_code == 303
    run_due(app)
    current_session().rollback()
    with system_scope():
        document = current_session().scalars(select(Document).order_by(Document.id.desc())).first()
        assert document is not None
        assert document.state == "made", document.error
        return content(current_session().get_one(StoredFile, document.file_id))


def test_a_passed_node_with_a_seal_signs_and_one_without_stays_blank(
    app: Flask, platform: FlaskClient, login: Login
) -> None:
    school = unit("合肥市第八中学")
    assert platform.post(f"/seals/{school}/install", data={}).status_code == 302
    assert "已安装" in platform.get("/seals/").text
    me = login(app.test_client(), "applicant")
    before = made_form(app, me, 1)
    assert check_seals(before, []) == []  # nothing is passed yet
    application_id = passed_by_the_unit()
    pdf = made_form(app, me, application_id)
    [status] = check_seals(pdf, queries.known_certificates(current_session()))
    assert (status.field, status.signer, status.valid) == ("employer", "合肥市第八中学", True)
    assert {"competent_department", "hr_department", "convener"} <= set(empty_fields(pdf))
    page = app.test_client().post("/verify/file/", data={"file": (io.BytesIO(pdf), "评审表.pdf")}).text
    assert "合肥市第八中学" in page
    assert "签章有效" in page
    bad = bytearray(pdf)
    bad[len(before) // 3] ^= 1
    page = app.test_client().post("/verify/file/", data={"file": (io.BytesIO(bytes(bad)), "评审表.pdf")}).text
    assert "签章有效" not in page


def test_the_key_is_not_readable_in_the_database(app: Flask, platform: FlaskClient) -> None:
    school = unit("合肥市第八中学")
    platform.post(f"/seals/{school}/install", data={})
    with db.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT p12, picture FROM seal").one()
    assert "PRIVATE" not in stored.p12
    assert not stored.p12.startswith("MII")
    seal_id = current_session().execute(select(_s.c.id)).scalar_one()
    found = queries.material(current_session(), seal_id)
    assert certificate_of(found.p12)
    assert found.picture.startswith(b"\x89PNG")


def test_another_seal_takes_the_place_and_a_retired_one_still_checks(app: Flask, platform: FlaskClient) -> None:
    school = unit("合肥市第八中学")
    for _round in range(2):
        platform.post(f"/seals/{school}/install", data={})
    session = current_session()
    assert len(queries.known_certificates(session)) == 2
    [seal_id] = queries.in_use(session, [school]).values()
    session.rollback()
    assert platform.post(f"/seals/{seal_id}/retire").status_code == 302
    assert queries.in_use(session, [school]) == {}
    assert len(queries.known_certificates(session)) == 2


def test_only_the_platform_installs(app: Flask, client: FlaskClient, login: Login) -> None:
    school = unit("合肥市第八中学")
    p12, until = read_p12(self_signed("合肥市第八中学"), "")
    for username in ("unit", "convener", "issuer"):
        with pytest.raises(DomainError):
            seal.install(organization_id=school, p12=p12, picture=round_seal("x"), certificate=certificate_of(p12),
                         valid_until=until, actor=make.actor(username))
        assert login(client, username).post(f"/seals/{school}/install").status_code == 403
    answer = login(client, "admin").post(
        f"/seals/{school}/install", data={"p12": (io.BytesIO(b"no key"), "x.p12")}, follow_redirects=True)
    assert "无法打开" in answer.text


def test_a_file_that_is_no_pdf_is_refused_with_a_sentence(client: FlaskClient) -> None:
    for data in (b"", b"hello", b"%PDF-1.7 broken"):
        page = client.post("/verify/file/", data={"file": (io.BytesIO(data), "x.pdf")})
        assert page.status_code in (200, 422)
        assert "签章有效" not in page.text
    assert "请选择" in client.post("/verify/file/", data={}).text


def test_the_command_checks_a_file(app: Flask, platform: FlaskClient, login: Login, tmp_path: Path) -> None:
    platform.post(f"/seals/{unit('合肥市第八中学')}/install", data={})
    pdf = made_form(app, login(app.test_client(), "applicant"), passed_by_the_unit())
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(pdf)
    broken = bytearray(pdf)
    broken[len(pdf) // 4] ^= 1
    bad.write_bytes(bytes(broken))
    result = app.test_cli_runner().invoke(args=["certificate", "verify", str(good)])
    assert result.exit_code == 0, result.output
    assert "合肥市第八中学" in result.output
    assert app.test_cli_runner().invoke(args=["certificate", "verify", str(bad)]).exit_code == 1


@pytest.mark.parametrize("code", sorted(FORMS))
def test_staff_see_a_sample_of_every_form(platform: FlaskClient, code: str) -> None:
    assert FORMS[code].name in platform.get("/documentsamples/").text
    assert platform.get(f"/documentsamples/{code}.pdf").data.startswith(b"%PDF")


