"""异地职称 and 补换证 as people go through them: what tests of both begin with."""

from __future__ import annotations

import io
import re
import subprocess
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.demo.evidence import evidence_pdf
from app.jobs.worker import run_due
from app.scope import system_scope
from app.services import review
from app.services.file import content
from app.transaction import current_session
from models.case import Task
from models.certificate import Certificate
from models.document import Document
from models.file import StoredFile
from models.personal_request import PersonalRequest
from models.series import Specialty, Title, TitleLevel, TitleSeries
from tests.factories import teacher_world as make
from tests.factories.rows import read

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
    series, level, specialty, title = row
    return series, level, specialty, title


def upload(client: FlaskClient, kind: str, request_id: int, slot: str, name: str = "材料") -> None:
    answer = client.post(f"/files/{kind}/{request_id}/{slot}", data={
        "files": (io.BytesIO(evidence_pdf(name, ("样张",), "本人")), f"{name}.pdf")})
    assert answer.status_code in (200, 302, 303), answer.text


def request_id_of(location: str) -> int:
    found = re.search(r"/requests/(\d+)", location)
    assert found is not None, location
    return int(found[1])


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
    return read(select(_task).where(_task.c.subject_type == kind, _task.c.subject_id == number).order_by(_task.c.seq))


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
    [row] = read(select(_r).where(_r.c.id == number))
    return row


def certificates() -> list[Any]:
    return read(select(_c).order_by(_c.c.id))


def pdf_text(app: Flask) -> str:
    run_due(app)
    current_session().rollback()
    with system_scope():
        document = current_session().scalars(select(Document).order_by(Document.id.desc())).first()
        assert document is not None
        assert document.state == "made", document.error
        data = content(current_session().get_one(StoredFile, document.file_id))
    said = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()
    return re.sub(r"\s", "", said)
