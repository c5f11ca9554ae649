"""职称证书: numbers without holes or doubles, the file by a job, and what the public may verify."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select, update

from app.actor import SYSTEM
from app.demo.evidence import photo_jpeg
from app.errors import Invalid, NotFound
from app.extensions import db
from app.jobs.worker import run_due
from app.reports.signing import private_key_from_seed, sign_payload
from app.scope import system_scope
from app.services import certificate
from app.services import person as photos
from app.services.file import content
from app.transaction import current_session
from models.application import Application
from models.audit import AuditEvent
from models.base import utcnow
from models.certificate import Certificate
from models.file import StoredFile
from models.job import Job
from models.notification import Notification
from models.person import Person
from models.setting import Setting
from tests.database import Databases
from tests.factories import person as people
from tests.factories import teacher_world as make
from tests.factories.race import race
from tests.factories.result import approved_result
from tests.factories.rows import save
from tests.factories.templates import started_template
from tests.factories.unit_world import count_statements, person, unit

Login = Callable[[FlaskClient, str], FlaskClient]
_c, _a = Certificate.__table__, Application.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return started_template(application, store)


@pytest.fixture(autouse=True)
def own_files(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the template's files: a replaced photo is deleted for good, and other tests read it."""
    shutil.copytree(app.config["STORAGE_URL"].removeprefix("file://"), tmp_path / "files")
    monkeypatch.setitem(app.config, "STORAGE_URL", f"file://{tmp_path}/files")


def approved(username: str = "applicant") -> int:
    """An application of a person that has passed its last stop, and whose result was approved."""
    current_session().rollback()
    if username == "applicant":
        with db.engine.begin() as connection:
            number = int(connection.execute(
                update(_a).where(_a.c.person_id == person(username).id)
                .values(state="approved", submitted_at=utcnow(), decided_at=utcnow()).returning(_a.c.id)
            ).scalar_one())
        approved_result(number)
        return number
    like = dict(current_session().execute(select(_a).order_by(_a.c.id).limit(1)).mappings().one())
    del like["id"]
    current_session().rollback()
    number = save(Application(**like | {
        "person_id": person(username).id, "state": "approved", "submitted_at": utcnow(), "decided_at": utcnow(),
    }))
    approved_result(number)
    return number


def many(n: int) -> list[int]:
    school = unit("合肥市第八中学")
    for number in range(n):
        people.person(f"teacher{number}", organization_id=school, name=f"教师{number}")
    return [approved(f"teacher{number}") for number in range(n)]


def issue(application_id: int) -> certificate.Issued:
    with system_scope():
        return certificate.issue(application_id=application_id, actor=SYSTEM)


def serials() -> list[int]:
    current_session().rollback()
    return sorted(int(number[-6:]) for number in current_session().execute(select(_c.c.number)).scalars())


def the_certificate() -> Any:
    current_session().rollback()
    return current_session().execute(select(_c)).one()


def jobs(kind: str) -> list[tuple[str, str]]:
    current_session().rollback()
    job = Job.__table__
    return [(row.key, row.state) for row in current_session().execute(
        select(job.c.key, job.c.state).where(job.c.kind == kind).order_by(job.c.id))]


# Numbers

def test_the_number_says_what_the_manual_says(app: Flask) -> None:
    made = issue(approved())
    row = the_certificate()
    assert re.fullmatch(r"934\d{4}00\d{10}", made.number)  # the committee is the province's
    assert made.number.startswith(f"934{row.year}00")
    assert (row.holder_name, row.employer_name, row.title_name, row.state, row.file_id) == (
        "李明", "合肥市第八中学", "高级教师", "valid", None)


def test_issuing_twice_gives_the_same_certificate(app: Flask) -> None:
    number = approved()
    first, again = issue(number), issue(number)
    assert (again.certificate_id, again.number, again.is_new) == (first.certificate_id, first.number, False)
    assert serials() == [1]
    event = AuditEvent.__table__
    assert len(current_session().execute(select(event).where(event.c.event == "certificate:issued")).all()) == 1
    assert len(jobs("certificate.render")) == 1


def test_only_an_approved_application_gets_one(app: Flask) -> None:
    number = int(current_session().execute(select(_a.c.id)).scalars().first() or 0)
    current_session().rollback()
    for wrong in (number, 999_999):
        with pytest.raises(NotFound, match="不能发证"):
            issue(wrong)
    assert serials() == []


def test_many_at_once_have_numbers_without_doubles_or_holes(app: Flask) -> None:
    applications = many(16)
    results = race(app, *[lambda number=number: issue(number) for number in applications])
    assert len({result.number for result in results}) == 16
    assert serials() == list(range(1, 17))


def test_the_same_one_at_once_is_issued_once(app: Flask) -> None:
    number = approved()
    results = race(app, *[lambda: issue(number)] * 6)
    assert len({result.number for result in results}) == 1
    assert sum(result.is_new for result in results) == 1
    assert serials() == [1]
    issue(many(1)[0])
    assert serials() == [1, 2]


def test_a_failure_leaves_no_hole(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = many(2)

    def fail(*arguments: Any, **named: Any) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(certificate, "record_event", fail)
        with pytest.raises(RuntimeError):
            issue(first)
    assert serials() == []
    issue(second)
    issue(first)
    assert serials() == [1, 2]


@pytest.mark.parametrize(("wrong", "says"), [("9{year}", "结尾"), ("9{town}{serial:6}", "占位符")])
def test_a_broken_template_stops_the_issue_with_a_sentence_for_staff(app: Flask, wrong: str, says: str) -> None:
    table = Setting.__table__
    with db.engine.begin() as connection:
        connection.execute(update(table).where(table.c.key == certificate.TEMPLATE_SETTING).values(value=wrong))
    with pytest.raises(Invalid, match=says):
        issue(approved())
    assert serials() == []


# The file

def test_the_job_makes_the_file_once_and_tells_the_holder(app: Flask) -> None:
    issue(approved())
    run_due(app)
    row = the_certificate()
    assert row.render_key.startswith("1:")
    with system_scope():
        file = current_session().get_one(StoredFile, row.file_id)
        from app.services.file import content

        document = PdfReader(io.BytesIO(content(file)))
    assert row.number in document.pages[0].extract_text().replace(" ", "")
    job = Job.__table__
    with db.engine.begin() as connection:  # the lease ran out after the commit: the job runs again
        connection.execute(update(job).where(job.c.kind == "certificate.render").values(state="waiting", finished_at=None))
    run_due(app)
    assert the_certificate().file_id == row.file_id
    notice = Notification.__table__
    titles = current_session().execute(select(notice.c.title).where(notice.c.title.contains(row.number))).scalars().all()
    assert len(titles) == 1
    files = StoredFile.__table__
    assert len(current_session().execute(select(files.c.id).where(files.c.name.contains(row.number))).all()) == 1


def test_without_a_photo_the_job_waits_for_one_and_the_upload_makes_the_file(
    app: Flask, client: FlaskClient, login: Login
) -> None:
    table = Person.__table__
    with db.engine.begin() as connection:
        connection.execute(update(table).where(table.c.id == person("applicant").id).values(photo_id=None))
    issue(approved())
    run_due(app)
    row = the_certificate()
    assert row.file_id is None
    assert jobs("certificate.render") == [(f"certificate-render:{row.id}:1", "failed")]  # an incident, seen in /ops
    assert "缺少照片" in login(client, "issuer").get("/certificates/issued/").text
    me = login(client, "applicant")
    page = me.get("/certificates/").text
    assert "须先上传个人证件照片" in page
    assert row.number in page
    me.post("/person/photo/", data={"photo": (io.BytesIO(photo_jpeg("男")), "照片.jpg")})
    assert "正在生成职称证书" in me.get("/certificates/").text
    assert "生成中" in login(client, "issuer").get("/certificates/issued/").text
    me = login(client, "applicant")
    run_due(app)
    made = the_certificate()
    assert made.render_key.startswith("2:")
    assert jobs("certificate.render") == [
        (f"certificate-render:{row.id}:1", "done"), (f"certificate-render:{row.id}:2", "done")]
    link = re.search(r'href="(/files/[^"]+)"', me.get("/certificates/").text)
    assert link is not None
    assert me.get(link[1].replace("&amp;", "&")).data.startswith(b"%PDF")


def test_a_photo_later_on_makes_no_new_certificate(app: Flask) -> None:
    issue(approved())
    run_due(app)
    before = the_certificate()
    with system_scope():
        photos.change_photo(stream=io.BytesIO(photo_jpeg("女")), filename="照片.jpg", actor=make.actor("applicant"))
    run_due(app)
    assert the_certificate() == before


# Verification

@pytest.fixture
def issued(app: Flask) -> certificate.Issued:
    return issue(approved())


def test_anybody_verifies_a_number_and_sees_no_full_name(client: FlaskClient, issued: certificate.Issued) -> None:
    assert client.get(f"/verify/?number= {issued.number.lower()} ").location == f"/verify/{issued.number}"
    spaced = f"{issued.number[:4]} {issued.number[4:]}".translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    assert client.get("/verify/", query_string={"number": spaced}).location == f"/verify/{issued.number}", "as it was copied"
    page = client.get(f"/verify/{issued.number}").text
    assert "证书有效" in page
    assert "李*" in page
    assert "李明" not in page
    assert "高级教师" in page
    assert "有效" in page
    assert person("applicant").mobile not in page


@pytest.mark.parametrize(("state", "says"), [("replaced", "已换发"), ("revoked", "已撤销")])
def test_a_certificate_that_no_longer_holds_says_so(
    client: FlaskClient, issued: certificate.Issued, state: str, says: str
) -> None:
    with db.engine.begin() as connection:
        day = dt.date(2026, 6, 1) if state == "revoked" else None
        connection.execute(update(_c).values(state=state, revoked_on=day))
    page = client.get(f"/verify/{issued.number}").text
    assert says in page
    assert "已失效" in page
    assert ">有效<" not in page
    machine = client.get(f"/verify/{issued.number}.json").json
    assert (machine["state"], machine["revoked_on"]) == (state, "2026-06-01" if state == "revoked" else None)
    assert "李明" not in str(machine)


def test_a_dropped_file_is_the_original_or_it_is_not(app: Flask, client: FlaskClient, issued: certificate.Issued) -> None:
    run_due(app)
    with system_scope():
        file_id = current_session().execute(select(_c.c.file_id)).scalar_one()
        genuine = content(current_session().get_one(StoredFile, file_id))

    def said(data: bytes) -> str:
        return client.post("/verify/file/", data={"file": (io.BytesIO(data), "证书.pdf")}).text

    page = said(genuine)
    assert "完全一致" in page
    assert issued.number in page
    assert "李明" not in page
    forged = bytearray(genuine)
    forged[len(forged) // 2] ^= 1
    page = said(bytes(forged))
    assert "完全一致" not in page
    assert "被改动过，不能采信" in page
    assert "完全一致" not in said(genuine + b"%")
    with db.engine.begin() as connection:
        connection.execute(update(_c).values(state="revoked", revoked_on=dt.date(2026, 6, 1)))
    page = said(genuine)
    assert "完全一致" in page
    assert "已撤销" in page
    assert ">有效<" not in page


@pytest.mark.parametrize("number", ["9342026000000000000", "x", "<script>", "长" * 60, "%", "_" * 19])
def test_an_unknown_number_is_not_found(client: FlaskClient, issued: certificate.Issued, number: str) -> None:
    answer = client.get(f"/verify/{number}")
    assert answer.status_code == 404
    assert "没有找到编号为" in answer.text
    assert "<script>" not in answer.text


def payload_of(app: Flask, number: str) -> str:
    return sign_payload(number, b"d" * 32, base_url=app.config["PUBLIC_URL"],
                        private_key=private_key_from_seed(bytes.fromhex(app.config["SIGNING_SEED"])))


def test_a_genuine_signature_is_confirmed(app: Flask, client: FlaskClient, issued: certificate.Issued) -> None:
    answer = client.post("/verify/check/", data={"payload": payload_of(app, issued.number)})
    assert answer.json == {"ok": True, "message": "二维码签名有效，由本系统签发。"}


def test_a_tampered_payload_is_refused(app: Flask, client: FlaskClient, issued: certificate.Issued) -> None:
    genuine = payload_of(app, issued.number)
    other = payload_of(app, "9342026000000000009")
    swapped = f"{genuine.partition('#')[0]}#{other.partition('#')[2]}"
    changed = genuine[:-1] + ("A" if genuine[-1] != "A" else "B")
    for wrong in (swapped, changed, genuine[:-1], genuine.replace("http", "ftp", 1), "", "#", "长" * 500):
        answer = client.post("/verify/check/", data={"payload": wrong})
        assert answer.status_code == 200
        assert answer.json["ok"] is False, wrong
        assert answer.json["message"]


# The lists

def test_the_holder_and_the_issuer_see_it_and_nobody_else(
    app: Flask, client: FlaskClient, login: Login, issued: certificate.Issued
) -> None:
    assert issued.number in login(client, "applicant").get("/certificates/").text
    assert issued.number not in login(client, "applicant2").get("/certificates/").text
    for name in ("issuer", "convener"):
        assert issued.number in login(client, name).get("/certificates/issued/").text
        assert issued.number in login(client, name).get(f"/certificates/issued/?q={issued.number[:9]}").text
        assert "没有符合条件的证书" in login(client, name).get("/certificates/issued/?q=无此人").text
    for name in ("hr", "unit", "applicant"):
        assert login(client, name).get("/certificates/issued/").status_code == 403


def test_a_list_costs_the_same_with_many_rows(app: Flask, client: FlaskClient, login: Login) -> None:
    issue(approved())
    issuer, me = login(client, "issuer"), login(app.test_client(), "applicant")
    paths = ((issuer, "/certificates/issued/"), (me, "/certificates/"), (app.test_client(), "/verify/"))
    for browser, path in paths:
        browser.get(path)
    few = [count_statements(lambda b=browser, p=path: b.get(p)) for browser, path in paths]
    for number in many(22):
        issue(number)
    assert [count_statements(lambda b=browser, p=path: b.get(p)) for browser, path in paths] == few
    assert max(few) <= 15
    page = issuer.get("/certificates/issued/").text
    assert "下一页" in page
    older = re.search(r"before=(\d+)", page)
    assert older is not None
    assert "李明" in issuer.get(f"/certificates/issued/?before={older[1]}").text
