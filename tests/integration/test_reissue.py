"""补换证, through the pages: a certificate of ours, one from before the system; revocation."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.actor import SYSTEM
from app.errors import DomainError, WrongState
from app.extensions import db
from app.scope import system_scope
from app.services import certificate
from app.services import personal_request as requests
from models.application import Application
from models.base import utcnow
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.result import approved_result
from tests.factories.templates import plan_template
from tests.integration.request_flow import (
    BASIC,
    certificates,
    decide,
    pdf_text,
    recognition,
    request_id_of,
    row_of,
    tasks,
    upload,
)

Login = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


def test_pressing_twice_begins_one_request(app: Flask, client: FlaskClient, login: Login, owned: Any) -> None:
    me = login(client, "applicant")
    first = recognition(me)
    assert recognition(me) == first
    assert me.post(f"/requests/{first}/fill", data=BASIC).status_code == 302
    assert recognition(me) != first, "one that was filled in is not begun again"
    for data in ({"certificate": owned.id}, {}):
        begun = {request_id_of(me.post("/requests/reissue/new", data=data).location) for _press in range(2)}
        assert len(begun) == 1


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
    assert "证书补（换）发承诺书" in pdf_text(app)
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
