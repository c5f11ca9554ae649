"""异地职称 and 补换证, through the pages: what is asked for, who decides, and the certificate at the end."""

from __future__ import annotations

import datetime as dt
import io
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.actor import SYSTEM
from app.demo.evidence import evidence_pdf
from app.errors import DomainError, WrongState
from app.extensions import db
from app.jobs.worker import run_due
from app.rules import deadlines
from app.scope import system_scope
from app.services import certificate, review
from app.services import personal_request as requests
from app.services.file import content
from app.transaction import current_session
from models.application import Application
from models.base import utcnow
from models.case import Task
from models.certificate import Certificate
from models.document import Document
from models.file import StoredFile
from models.integrity import IntegrityRecord
from models.personal_request import PersonalRequest
from models.series import Specialty, Title, TitleLevel, TitleSeries
from tests.database import Databases, build_template
from tests.factories import teacher_world as make
from tests.factories.result import approved_result
from tests.factories.rows import save
from tests.factories.unit_world import person

Login = Callable[[FlaskClient, str], FlaskClient]
_r, _c, _task = PersonalRequest.__table__, Certificate.__table__, Task.__table__
BASIC = {
    "f_work_start": "2005-08-01", "f_former_unit": "南京市第一中学", "f_transferred_on": "2021-05-17", "f_political_status": "01",
    "f_former_title": "高级教师", "f_former_committee": "江苏省中小学教师高级职称评审委员会", "f_former_acquired_on": "2018-12-01",
    "f_former_issuer": "江苏省人力资源和社会保障厅", "f_former_approval_no": "苏人社〔2018〕1号", "f_former_number": "90901223",
    "f_work_history": "2005 年起在南京市第一中学任教。",
}
SCHOOL = {
    "f_school": "安徽师范大学", "f_major": "数学", "f_starts_on": "2001-09-01", "f_ends_on": "2005-07-01", "f_years": "4",
    "f_education": "", "f_is_highest": "y", "f_is_first": "y",
}


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return build_template(application, store, "teacher_plan", make.build_world, base="empty")


def first_code(client: FlaskClient, path: str, name: str) -> str:
    found = re.search(rf'<select[^>]*name="{name}"[^>]*>.*?<option value="([^"]+)"', client.get(path).text, re.S)
    assert found is not None, name
    return found[1]


def ids() -> tuple[int, int, int, int]:
    """(series, level, specialty, title) of 高中数学-高级教师."""
    t, s, p, lv = Title.__table__, TitleSeries.__table__, Specialty.__table__, TitleLevel.__table__
    row = current_session().execute(
        select(s.c.id, lv.c.id, p.c.id, t.c.id).select_from(t)
        .join(s, s.c.id == t.c.series_id).join(lv, lv.c.id == t.c.level_id).join(p, p.c.series_id == s.c.id)
        .where(s.c.name == "中小学教师", t.c.name == "高级教师", p.c.name == "高中数学")
    ).first()
    current_session().rollback()
    assert row is not None
    return tuple(row)  # type: ignore[return-value]


def upload(client: FlaskClient, kind: str, request_id: int, slot: str, name: str = "材料") -> None:
    answer = client.post(f"/files/{kind}/{request_id}/{slot}", data={
        "files": (io.BytesIO(evidence_pdf(name, ("样张",), "本人")), f"{name}.pdf")})
    assert answer.status_code in (200, 302, 303), answer.text


def request_id_of(location: str) -> int:
    return int(re.search(r"/requests/(\d+)", location)[1])  # type: ignore[index]


def recognition(me: FlaskClient) -> int:
    series, level, specialty, title = ids()
    page = me.get(f"/requests/recognition/new?series={series}&level={level}").text
    assert "申请确认资格" in page
    answer = me.post("/requests/recognition/new", data={
        "series": series, "level": level, "specialty": specialty, "title": title})
    return request_id_of(answer.location)


def complete(me: FlaskClient) -> int:
    number = recognition(me)
    assert me.post(f"/requests/{number}/fill", data=BASIC).status_code == 302
    school = SCHOOL | {"f_education": first_code(me, f"/requests/{number}/education", "f_education")}
    assert me.post(f"/requests/{number}/education", data=school).status_code == 302
    for slot in ("id_card", "certificate", "contract", "insurance", "appointment"):
        upload(me, "recognition", number, slot, slot)
    return number


def tasks(kind: str, number: int) -> list[Any]:
    current_session().rollback()
    found = current_session().execute(
        select(_task).where(_task.c.subject_type == kind, _task.c.subject_id == number).order_by(_task.c.seq)).all()
    current_session().rollback()
    return list(found)


def decide(kind: str, number: int, username: str, action: str = "approve") -> None:
    who = make.actor(username)
    task = tasks(kind, number)[-1]
    with system_scope():
        if username == "unit":
            review.claim(task_id=task.id, actor=who)
        if action == "approve":
            review.approve(task_id=task.id, actor=who, opinion="情况属实，同意。")
        else:
            review.return_(task_id=task.id, actor=who, opinion="材料不清晰，请重新上传。")


def row_of(number: int) -> Any:
    current_session().rollback()
    found = current_session().execute(select(_r).where(_r.c.id == number)).one()
    current_session().rollback()
    return found


def certificates() -> list[Any]:
    current_session().rollback()
    found = current_session().execute(select(_c).order_by(_c.c.id)).all()
    current_session().rollback()
    return list(found)


def pdf_text() -> str:
    run_due(db_app())
    current_session().rollback()
    with system_scope():
        document = current_session().scalars(select(Document).order_by(Document.id.desc())).first()
        assert document is not None
        assert document.state == "made", document.error
        data = content(current_session().get_one(StoredFile, document.file_id))
    said = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()
    return re.sub(r"\s", "", said)


def db_app() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def test_the_whole_of_a_recognition(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    assert "南京市第一中学" in me.get(f"/requests/{number}/overview").text
    me.post(f"/forms/request/{number}")
    assert "专业技术资格确认审核表" in pdf_text()
    checked = me.post(f"/requests/{number}/submit", data={"action": "check"}).text
    assert ">不符合<" not in checked
    assert "提交审核" in checked
    assert me.post(f"/requests/{number}/submit", data={"action": "submit"}).status_code == 302
    assert row_of(number).state == "reviewing"
    for username in ("unit", "department", "hr"):
        page = login(client, username).get(f"/reviews/requests/{number}/")
        assert "苏人社〔2018〕1号" in page.text, username
        decide("recognition", number, username)
    assert [task.node for task in tasks("recognition", number)] == [
        "employer", "competent_department", "hr_department", "issuer"]
    assert login(client, "issuer").get(f"/reviews/requests/{number}/").status_code == 200
    decide("recognition", number, "issuer")
    [made] = certificates()
    assert (made.acquired_by, made.title_name, made.original_number, str(made.acquired_on)) == (
        "确认", "高级教师", "90901223", "2018-12-01")
    assert re.fullmatch(r"934\d{4}00\d{10}", made.number)
    assert row_of(number).issued_id == made.id
    me = login(client, "applicant")
    assert made.number in me.get("/requests/recognition/").text
    me.post(f"/forms/request/{number}")
    text = pdf_text()
    for words in ("李明", "安徽师范大学", "情况属实，同意。", made.number, "确认机关意见"):
        assert words in text, words
    run_due(app)
    assert certificates()[0].file_id is not None


def test_who_is_barred_is_not_recognized_until_the_record_is_over(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    for username in ("unit", "department", "hr"):
        decide("recognition", number, username)
    today = deadlines.today()
    record = save(IntegrityRecord(person_id=person("applicant").id, reason="材料造假", banned_from=today, banned_until=today))
    with pytest.raises(WrongState, match="“李明”在诚信档案中有记录（材料造假）"):
        decide("recognition", number, "issuer")
    assert (row_of(number).state, tasks("recognition", number)[-1].state, certificates()) == ("reviewing", "open", [])
    yesterday = today - dt.timedelta(days=1)
    with db.engine.begin() as connection:
        connection.execute(update(IntegrityRecord.__table__).where(IntegrityRecord.__table__.c.id == record)
                           .values(banned_from=yesterday, banned_until=yesterday))
    decide("recognition", number, "issuer")
    assert len(certificates()) == 1


def test_what_is_missing_is_named_and_nothing_is_submitted(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = recognition(me)
    page = me.post(f"/requests/{number}/submit", data={"action": "check"}).text
    for words in ("请填写“原工作单位”", "请录入最高学历和第一学历", "请上传“职称证书原件”", "不符合"):
        assert words in page, words
    assert ">提交审核<" not in page
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    assert row_of(number).state == "editing"
    answer = me.post(f"/requests/{number}/fill", data=BASIC | {"f_transferred_on": "2001-01-01"})
    assert answer.status_code == 422
    assert "不能早于" in answer.text
    assert row_of(number).data["former_unit"] == "南京市第一中学"  # what holds is kept


def test_what_is_asked_for_can_be_changed_until_it_is_handed_in(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    path = f"/requests/{number}/choice"
    before, page = row_of(number), me.get(path).text
    assert path in me.get(f"/requests/{number}/fill").text
    assert f'<option value="{before.title_id}" selected>' in page
    others = [int(key) for key in re.findall(r'<option value="(\d+)"(?! selected)', page.split('id="specialty"')[1].split("</select>")[0])]
    assert me.post(path, data={"specialty": others[0], "title": before.title_id}).status_code == 302
    after = row_of(number)
    assert (after.specialty_id, after.title_id, after.data) == (others[0], before.title_id, before.data)
    foreign = me.post(path, data={"specialty": others[0], "title": 999_999})
    assert "不属于同一系列" in foreign.text
    assert login(client, "applicant2").post(path, data={"specialty": others[0], "title": before.title_id}).status_code == 404
    login(client, "applicant").post(f"/requests/{number}/submit", data={"action": "submit"})
    assert row_of(number).state == "reviewing"
    with pytest.raises(WrongState):
        requests.change_choice(
            request_id=number, specialty_id=before.specialty_id, title_id=before.title_id, actor=make.actor("applicant"))


def test_education_has_at_most_two_entries_one_highest_and_a_degree_when_it_is_ticked(
    app: Flask, client: FlaskClient, login: Login
) -> None:
    me = login(client, "applicant")
    number = recognition(me)
    path = f"/requests/{number}/education"
    school = SCHOOL | {"f_education": first_code(me, path, "f_education")}
    assert "请选择学位" in me.post(path, data=school | {"f_has_degree": "y"}).text
    assert me.post(path, data=school).status_code == 302
    assert "只能有一个最高学历" in me.post(path, data=school).text
    second = {key: value for key, value in school.items() if key not in ("f_is_highest", "f_is_first")}
    assert me.post(path, data=second).status_code == 302
    assert len(row_of(number).education) == 2
    assert "最多录入两条" in me.post(path, data=second, follow_redirects=True).text
    assert me.post(f"{path}/delete", data={"entry": "1"}).status_code == 302
    assert len(row_of(number).education) == 1


def test_a_returned_request_is_mended_and_sent_again(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    assert "不能修改" in me.post(f"/requests/{number}/withdraw", follow_redirects=True).text or row_of(number).state == "editing"
    assert row_of(number).state == "editing"
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    decide("recognition", number, "unit", "return")
    assert row_of(number).state == "returned"
    assert "材料不清晰" in me.get(f"/requests/{number}").text
    assert me.post(f"/requests/{number}/fill", data=BASIC | {"f_former_unit": "南京市第二中学"}).status_code == 302
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    assert row_of(number).state == "reviewing"
    with pytest.raises(WrongState):
        requests.save(request_id=number, raw={}, actor=make.actor("applicant"))


def test_pressing_twice_begins_one_request(app: Flask, client: FlaskClient, login: Login, owned: Any) -> None:
    me = login(client, "applicant")
    first = recognition(me)
    assert recognition(me) == first
    assert me.post(f"/requests/{first}/fill", data=BASIC).status_code == 302
    assert recognition(me) != first, "one that was filled in is not begun again"
    for data in ({"certificate": owned.id}, {}):
        begun = {request_id_of(me.post("/requests/reissue/new", data=data).location) for _press in range(2)}
        assert len(begun) == 1


def test_going_on_to_the_next_page_keeps_what_was_typed(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = recognition(me)
    page = me.get(f"/requests/{number}/fill").text
    assert "保存并进入下一步" in page
    assert "李明" in page  # 基本信息 stands above
    assert me.post(f"/requests/{number}/fill", data=BASIC | {"go": "next"}).location == f"/requests/{number}/education"
    assert row_of(number).data["former_unit"] == BASIC["f_former_unit"]


def test_foreign_requests_are_not_found(app: Flask, client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    number = complete(me)
    for name, path in (("applicant2", f"/requests/{number}"), ("applicant2", f"/requests/{number}/fill"),
                       ("unit", f"/reviews/requests/{number}/")):
        assert login(client, name).get(path).status_code == 404, (name, path)
    assert login(client, "applicant2").post(f"/forms/request/{number}").status_code == 404
    assert login(client, "unit").post(f"/forms/request/{number}").status_code == 404  # still being edited
    login(client, "applicant").post(f"/requests/{number}/submit", data={"action": "submit"})
    assert login(client, "unit").get(f"/reviews/requests/{number}/").status_code == 200
    for name in ("company", "department", "hr", "issuer"):
        assert login(client, name).get(f"/reviews/requests/{number}/").status_code == 404


@pytest.fixture
def owned(app: Flask) -> Any:
    """A certificate of 李明."""
    who = make.actor("applicant")
    with system_scope():
        application_id = make.started(who)
    with db.engine.begin() as connection:
        connection.execute(update(Application.__table__).where(Application.__table__.c.id == application_id).values(
            state="approved", submitted_at=utcnow(), decided_at=utcnow()))
    approved_result(application_id)
    with system_scope():
        certificate.issue(application_id=application_id, actor=SYSTEM)
    return certificates()[0]


def test_a_certificate_of_ours_is_replaced_with_its_corrections(
    app: Flask, client: FlaskClient, login: Login, owned: Any
) -> None:
    me = login(client, "applicant")
    assert owned.number in me.get("/requests/reissue/new").text
    number = request_id_of(me.post("/requests/reissue/new", data={"certificate": owned.id}).location)
    assert request_id_of(me.post("/requests/reissue/new", data={"certificate": owned.id}).location) == number
    page = me.get(f"/requests/{number}/fill").text
    assert owned.number in page
    assert 'name="f_title_name"' not in page  # what the system knows is not typed again
    answer = me.post(f"/requests/{number}/fill", data={
        "f_phone": "13900000000", "f_reason": "工作单位有误", "change": "employer_name", "new-f_employer_name": "合肥市第八中学（东区）",
        "new-f_title_name": "不更正的不算"})
    assert answer.status_code == 302, answer.text
    for slot in ("evidence", "pledge"):
        upload(me, "reissue", number, slot)
    me.post(f"/forms/request/{number}", data={"kind": "reissue_pledge"})
    assert "证书补（换）发承诺书" in pdf_text()
    assert me.post(f"/requests/{number}/submit", data={"action": "submit"}).status_code == 302
    assert tasks("reissue", number), me.get(f"/requests/{number}/submit").text
    again = me.post("/requests/reissue/new", data={"certificate": owned.id}, follow_redirects=True)
    assert "已有一份正在办理" in again.text
    assert "申报记录" in again.text
    while row_of(number).state == "reviewing":
        node = tasks("reissue", number)[-1].node
        decide("reissue", number, {"employer": "unit", "hr_department": "hr", "issuer": "issuer"}[node])
    old, new = certificates()
    assert (old.state, new.state, new.replaces_id, new.original_number) == ("replaced", "valid", old.id, old.number)
    assert re.fullmatch(r"YB934\d{16}", new.number)
    assert (new.employer_name, new.title_name, new.issued_on) == ("合肥市第八中学（东区）", old.title_name, old.issued_on)
    page = login(client, "applicant").get("/certificates/").text
    assert new.number in page
    assert "已换发" in login(client, "applicant").get(f"/verify/{old.number}").text
    with pytest.raises(DomainError, match="已失效"):
        requests.begin_reissue(certificate_id=old.id, actor=make.actor("applicant"))


def test_a_certificate_from_before_the_system_is_reissued_from_what_was_typed(
    app: Flask, client: FlaskClient, login: Login
) -> None:
    me = login(client, "applicant")
    number = request_id_of(me.post("/requests/reissue/new", data={}).location)
    answer = me.post(f"/requests/{number}/fill", data={
        "f_phone": "13900000000", "f_acquired_by": "认定", "f_series_name": "中小学教师", "f_specialty_name": "小学语文",
        "f_level_name": "助理级", "f_title_name": "二级教师", "f_acquired_on": "2008-02-05", "f_approval_no": "寿人社〔2008〕1号",
        "f_nature": "社会化", "f_issued_on": "2008-11-05", "f_issuer_name": "合肥市人力资源和社会保障局", "f_number": "TD12345",
        "f_employer_name": "寿县第一小学", "f_reason": "丢失"})
    assert answer.status_code == 302, answer.text
    for slot in ("evidence", "pledge"):
        upload(me, "reissue", number, slot)
    me.post(f"/requests/{number}/submit", data={"action": "submit"})
    assert [task.node for task in tasks("reissue", number)] == ["employer"]
    decide("reissue", number, "unit")
    decide("reissue", number, "hr")  # the city's bureau is its issuing authority as well: one visit
    [new] = certificates()
    assert new.number.startswith("YB934")
    assert new.number[9:11] == "01"  # 合肥
    assert (new.original_number, new.title_name, new.issuer_name, str(new.issued_on)) == (
        "TD12345", "二级教师", "合肥市人力资源和社会保障局", "2008-11-05")


def test_only_the_issuer_revokes_and_the_public_sees_it(app: Flask, client: FlaskClient, owned: Any) -> None:
    for username in ("hr", "unit", "convener"):
        with pytest.raises(DomainError, match="没有找到"):
            certificate.revoke(certificate_id=owned.id, reason="冒用", actor=make.actor(username))
    issuer = make.actor("issuer")
    with pytest.raises(DomainError, match="撤销原因"):
        certificate.revoke(certificate_id=owned.id, reason=" ", actor=issuer)
    certificate.revoke(certificate_id=owned.id, reason="以虚假材料取得", actor=issuer)
    assert "已撤销" in client.get(f"/verify/{owned.number}").text
    with pytest.raises(WrongState, match="已撤销"):
        certificate.revoke(certificate_id=owned.id, reason="再次", actor=issuer)
