"""委托: the letter as Word with its roster, the signed one uploaded, received or returned by the convener alone."""

from __future__ import annotations

import io

import pytest
from docx import Document

from app.demo.evidence import evidence_pdf
from app.errors import Invalid, NotFound, WrongState
from app.queries.commission import letters
from app.scope import scope_of, scoped
from app.services import commission, file, review
from app.transaction import current_session
from tests.database import build_template
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.templates import plan_template
from tests.factories.unit_world import disable


@pytest.fixture(scope="session")
def template(application, store):
    base = plan_template(application, store)

    def pass_on():
        with scoped(scope_of(make.actor("applicant"))):
            application_id = make.submitted(make.actor("applicant"))
        disable("unit2")
        recommend_application(application_id, make.actor("unit"))
        from sqlalchemy import select

        from models.case import Task

        task_id = current_session().execute(select(Task.__table__.c.id).where(Task.__table__.c.state == "open")).scalar_one()
        current_session().rollback()
        review.approve(task_id=task_id, actor=make.actor("unit"))

    return build_template(application, store, "passed_on", pass_on, base=base)


def pdf():
    return io.BytesIO(evidence_pdf("委托评审函", ("请予评审。",), "单位"))


def sent(login="unit", **more):
    with scoped(scope_of(make.actor(login))):
        return commission.upload(**{"plan_id": make.teacher_plan(), "name": "委托评审函", "headcount": "1", "stream": pdf(),
                                    "filename": "函.pdf", "actor": make.actor(login)} | more)


def state_of(letter_id):
    current_session().rollback()
    return next(row["state"] for row in letters(current_session()) if row["id"] == letter_id)


def test_the_letter_names_whom_the_unit_passed_on(app, client, login):
    login(client, "unit")
    answer = client.get(f"/commissions/plan/{make.teacher_plan()}/letter.docx")
    document = Document(io.BytesIO(answer.data))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for words in ("安徽省教育厅：", "合肥市第八中学", "1名专业技术人员"):
        assert words in text
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "李明" in cells
    login(client, "company")
    document = Document(io.BytesIO(client.get(f"/commissions/plan/{make.teacher_plan()}/letter.docx").data))
    assert "李明" not in [cell.text for table in document.tables for row in table.rows for cell in row.cells]


@pytest.mark.parametrize(("more", "field"), [
    ({"name": " "}, "name"), ({"headcount": "0"}, "headcount"), ({"headcount": "很多"}, "headcount"), ({"stream": None}, "files"),
])
def test_what_is_missing_is_said_beside_its_field(app, more, field):
    with pytest.raises(Invalid) as refused:
        sent(**more)
    assert field in refused.value.fields


def test_the_convener_receives_it_once_and_nobody_else(app):
    letter_id = sent()
    for login in ("unit", "department", "hr", "issuer"):
        with pytest.raises(NotFound):
            commission.receive(letter_id=letter_id, actor=make.actor(login))
    commission.receive(letter_id=letter_id, actor=make.actor("convener"))
    assert state_of(letter_id) == "received"
    with pytest.raises(WrongState, match="已查收"):
        commission.return_(letter_id=letter_id, reason="不清楚", actor=make.actor("convener"))


def test_a_returned_one_says_why(app, client, login):
    letter_id = sent()
    with pytest.raises(Invalid, match="原因"):
        commission.return_(letter_id=letter_id, reason=" ", actor=make.actor("convener"))
    commission.return_(letter_id=letter_id, reason="盖章不清", actor=make.actor("convener"))
    login(client, "unit")
    page = client.get("/commissions/").text
    assert "被退回" in page
    assert "盖章不清" in page


def test_its_file_is_read_by_both_sides_only(app):
    letter_id = sent()
    from sqlalchemy import select

    from models.file import Attachment

    item = current_session().execute(select(Attachment.__table__.c.id).where(
        Attachment.__table__.c.subject_type == "commission_letter", Attachment.__table__.c.subject_id == letter_id)).scalar_one()
    seen = []
    for login in ("unit", "convener", "department", "applicant"):
        current_session().expunge_all()
        with scoped(scope_of(make.actor(login))):
            try:
                file.attachment(item)
                seen.append(login)
            except NotFound:
                pass
    assert seen == ["unit", "convener"]


def test_the_pages_of_both_sides(app, client, login):
    login(client, "unit")
    path = f"/commissions/plan/{make.teacher_plan()}/"
    page = client.get(path).text
    for words in ("导出委托评审函", "上传委托函", "委托名称", "委托人数", "李明"):
        assert words in page
    answer = client.post(path, data={"name": "委托", "headcount": "x"})
    assert answer.status_code == 422
    assert "1 至 99999" in answer.text
    client.post(path, data={"name": "年度委托", "headcount": "1", "files": (pdf(), "函.pdf")}, content_type="multipart/form-data")
    assert "年度委托" in client.get("/commissions/").text
    login(client, "convener")
    page = client.get("/commissions/?tab=received").text
    assert "年度委托" in page
    assert "查收" in page
    assert client.get("/commissions/plan/999999/").status_code == 404


def test_units_find_it_beside_each_plan_and_applicants_do_not(app, client, login):
    link = f"/commissions/plan/{make.teacher_plan()}/"
    login(client, "unit")
    assert link in client.get("/home/").text
    assert link in client.get("/plans/").text
    login(client, "applicant")
    assert link not in client.get("/plans/").text
