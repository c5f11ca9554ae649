"""电子章: installed by the platform, kept encrypted, set on a form when its node is passed, checked by anybody."""

from __future__ import annotations

import html
import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.actor import SYSTEM
from app.errors import DomainError
from app.extensions import db
from app.jobs.worker import run_due
from app.queries import seal as queries
from app.reports.pdf import render_pdf
from app.reports.sample_papers import SAMPLES
from app.reports.sealing import certificate_of, check_seals, empty_fields, read_p12, round_seal, self_signed
from app.scope import scope_of, scoped, system_scope
from app.services import certificate, review, seal
from app.services.file import content
from app.transaction import current_session
from models.application import Application
from models.case import Task
from models.certificate import Certificate
from models.document import Document
from models.file import StoredFile
from models.seal import Seal
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.result import approved_result
from tests.factories.templates import submitted_template
from tests.factories.unit_world import unit

Login = Callable[[FlaskClient, str], FlaskClient]
_s = Seal.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return submitted_template(application, store)


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
        document = current_session().scalars(select(Document).where(Document.kind == "review_form")).first()
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


def test_the_list_shows_what_each_seal_looks_like_and_goes_on_by_pages(
    app: Flask, platform: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 1)
    names = ("合肥市第八中学", "合肥市教育局")
    for name in names:
        platform.post(f"/seals/{unit(name)}/install", data={})
    first, second = sorted(names, key=unit)
    page = platform.get("/seals/").text
    assert first in page
    assert second not in page
    older = re.search(r'href="(/seals/\?[^"]*after=[^"]+)"', page)
    assert older is not None
    page = platform.get(html.unescape(older[1])).text
    assert second in page
    assert first not in page
    assert "after=" not in page
    newer = re.search(r'href="(/seals/\?[^"]*before=[^"]+)"', page)
    assert newer is not None
    page = platform.get(html.unescape(newer[1])).text
    assert first in page
    address = re.search(r'src="(/seals/\d+/picture)"', page)
    assert address is not None
    answer = platform.get(address[1])
    assert (answer.mimetype, answer.data[:4]) == ("image/png", b"\x89PNG")
    platform.post(address[1].replace("picture", "retire"))
    assert platform.get(address[1]).status_code == 404
    for username in ("unit", "convener", "issuer"):
        assert login(app.test_client(), username).get(address[1]).status_code == 403


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
    answer = client.post(f"/seals/{school}/install", data={"p12": (io.BytesIO(b""), "空.p12")}, follow_redirects=True)
    assert "“空.p12”是空的" in answer.text, "an empty file is no wish for a key made here"
    assert queries.in_use(current_session(), [school]) == {}
    current_session().rollback()


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


@pytest.mark.parametrize("file", sorted(SAMPLES))
def test_staff_see_a_sample_of_every_document(platform: FlaskClient, file: str) -> None:
    assert SAMPLES[file].name in platform.get("/documentsamples/").text
    answer = platform.get(f"/documentsamples/{file}")
    assert answer.mimetype == SAMPLES[file].media_type
    assert answer.data.startswith(b"%PDF" if file.endswith(".pdf") else b"PK")


def test_the_sample_of_a_certificate_is_no_certificate(app: Flask, platform: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "sample.pdf").write_bytes(platform.get("/documentsamples/certificate.pdf").data)
    assert app.test_cli_runner().invoke(args=["certificate", "verify", str(tmp_path / "sample.pdf")]).exit_code == 1
    assert platform.get("/documentsamples/nothing.pdf").status_code == 404


def test_a_certificate_of_an_issuer_without_a_seal_carries_the_platforms_signature_and_says_so(app: Flask, tmp_path: Path) -> None:
    """Every certificate can be checked offline; the check never calls the platform's signature a seal."""
    current_session().rollback()
    with db.engine.begin() as connection:
        table = Application.__table__
        connection.execute(update(table).values(state="approved", decided_at=table.c.submitted_at))
    number = current_session().execute(select(Application.__table__.c.id)).scalar_one()
    current_session().rollback()
    approved_result(number)
    with system_scope():
        certificate.issue(application_id=number, actor=SYSTEM)
    run_due(app)
    current_session().rollback()
    with system_scope():
        row = current_session().scalars(select(Certificate)).one()
        assert row.file_id is not None
        pdf = content(current_session().get_one(StoredFile, row.file_id))
    page = app.test_client().post("/verify/file/", data={"file": (io.BytesIO(pdf), "证书.pdf")}).text
    assert "平台签名有效" in page
    assert "须加盖实物印章" in page
    assert "没有任何单位的电子章" in page
    assert "签章有效" not in page
    file = tmp_path / "certificate.pdf"
    file.write_bytes(pdf)
    said = app.test_cli_runner().invoke(args=["certificate", "verify", str(file)])
    assert said.exit_code == 0, said.output
    assert "without any organization's seal" in said.output
    bad = bytearray(pdf)
    bad[len(pdf) // 3] ^= 1
    file.write_bytes(bytes(bad))
    assert app.test_cli_runner().invoke(args=["certificate", "verify", str(file)]).exit_code == 1
    file.write_bytes(pdf)
    said_by_tool = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, check=False)
    assert said_by_tool.stdout.decode().count("Signature is Valid") == 1


def test_a_file_without_any_signature_is_said_to_be_uncheckable(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "plain.pdf"
    file.write_bytes(render_pdf("<p>x</p>", title="x", in_process=True))
    said = app.test_cli_runner().invoke(args=["certificate", "verify", str(file)])
    assert (said.exit_code, "no signature at all" in said.output) == (1, True)
    page = app.test_client().post("/verify/file/", data={"file": (io.BytesIO(file.read_bytes()), "x.pdf")}).text
    assert "没有电子签章" in page
