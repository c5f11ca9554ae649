"""导出评审表: drafts with a watermark, the submission as it was frozen, one file for one content, nobody else's."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.extensions import db
from app.jobs import document as forms
from app.jobs import document_making
from app.jobs.worker import run_due
from app.reports.errors import RenderError
from app.scope import scope_of, scoped, system_scope
from app.services import review
from app.services.file import content
from app.transaction import current_session
from models.application import Application
from models.case import Task
from models.document import Document
from models.file import StoredFile
from models.person import Person
from tests.database import Databases, build_template
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.templates import plan_template

Login = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    base = plan_template(application, store)

    def begin() -> None:
        for login, begin_with in (("applicant", make.submitted), ("applicant2", make.complete)):
            who = make.actor(login)
            with scoped(scope_of(who)):
                begin_with(who)

    return build_template(application, store, "forms", begin, base=base)


def application_of(login: str) -> int:
    current_session().rollback()
    who = make.actor(login)
    found = int(current_session().execute(
        select(Application.__table__.c.id).where(Application.__table__.c.person_id == who.person_id)).scalar_one())
    current_session().rollback()
    return found


def export(client: FlaskClient, application_id: int, kind: str = "review_form") -> str:
    answer = client.post(f"/forms/application/{application_id}/{kind}")
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def documents() -> list[Document]:
    current_session().rollback()
    with system_scope():
        return list(current_session().scalars(select(Document).order_by(Document.id)))


def made(number: int = -1) -> bytes:
    with system_scope():
        file = current_session().get_one(StoredFile, documents()[number].file_id)
        return content(file)


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s", "", subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode())


def test_the_form_of_a_submission_says_everything_that_was_frozen(app: Flask, client: FlaskClient, login: Login) -> None:
    application_id = application_of("applicant")
    me = login(client, "applicant")
    page = export(me, application_id)
    assert "正在生成文档，请稍后刷新页面" in me.get(page).text
    run_due(app)
    shown = me.get(page).text
    assert "草稿" not in shown
    link = re.search(r'href="(/files/[^"]+)"', shown)
    assert link is not None
    assert me.get(link[1]).data.startswith(b"%PDF")
    text = text_of(made())
    with system_scope():
        facts = forms.review_form_facts(current_session(), application_id)
    shot = facts["snapshot"]
    for label, value in [*shot["personal"], *shot["professional"]]:
        assert re.sub(r"\s", "", value) in text, label
    for group in [*shot["pages"], *(g for s in shot["sections"] for g in s["groups"])]:
        for item in group["items"]:
            for label, value in item["fields"]:
                assert re.sub(r"\s", "", value) in text, (group["name"], label)
    assert "李明" in text
    assert facts["person"]["id_number"] in text
    for part in ("一、基本情况", "二十三、备注", "填表说明", "第2页共"):
        assert part in text, part


def test_the_same_content_is_made_once_and_a_decision_grows_it(app: Flask, client: FlaskClient, login: Login) -> None:
    application_id = application_of("applicant")
    me = login(client, "applicant")
    first = export(me, application_id)
    assert export(me, application_id) == first
    run_due(app)
    assert export(me, application_id) == first
    task = Task.__table__
    task_id = current_session().execute(select(task.c.id).where(
        task.c.subject_type == "application", task.c.subject_id == application_id, task.c.state == "open")).scalar_one()
    current_session().rollback()
    unit = make.actor("unit")
    with scoped(scope_of(unit)):
        review.claim(task_id=task_id, actor=unit)
        recommend_application(application_id, unit)
        review.approve(task_id=task_id, actor=unit, opinion="材料真实，经公示无异议，同意推荐。")
    before = made(0)
    assert export(me, application_id) == first
    run_due(app)
    after = made(0)
    assert after.startswith(before)
    text = text_of(after)
    for words in ("材料真实，经公示无异议，同意推荐。", "公示起止日期", "是否占用岗位职数"):
        assert words in text


def test_what_is_being_edited_is_a_draft_of_its_person_alone(app: Flask, client: FlaskClient, login: Login) -> None:
    application_id = application_of("applicant2")
    page = export(login(client, "applicant2"), application_id)
    run_due(app)
    assert "这是带水印的草稿" in login(client, "applicant2").get(page).text
    [document] = documents()
    assert (document.is_draft, document.run) == (True, 0)
    assert login(client, "unit").get(page).status_code == 404
    assert login(client, "unit").post(f"/forms/application/{application_id}/review_form").status_code == 404
    assert login(client, "unit").get(f"/files/stored/{document.file_id}").status_code == 404


def test_the_unit_exports_what_it_reviews_and_others_find_nothing(app: Flask, client: FlaskClient, login: Login) -> None:
    application_id = application_of("applicant")
    page = export(login(client, "unit"), application_id)
    run_due(app)
    assert "文档预览" in login(client, "unit").get(page).text
    for stranger in ("company", "applicant2", "convener"):
        assert login(client, stranger).post(f"/forms/application/{application_id}/review_form").status_code == 404
        assert login(client, stranger).get(page).status_code == 404
    assert login(client, "unit").post(f"/forms/application/{application_id}/nothing").status_code == 404


def test_the_convener_takes_all_forms_of_a_plan_in_one_archive(app: Flask, client: FlaskClient, login: Login) -> None:
    convener, plan_id = login(client, "convener"), make.teacher_plan()
    current_session().rollback()
    assert convener.post(f"/forms/plan/{plan_id}").location == "/results/"  # nothing is with the convener yet
    applications = Application.__table__
    with db.engine.begin() as connection:
        connection.execute(update(applications).where(applications.c.id == application_of("applicant")).values(
            state="approved", decided_at=applications.c.submitted_at))
    answer = convener.post(f"/forms/plan/{plan_id}")
    assert answer.status_code == 303
    run_due(app)
    assert "1 份评审表的压缩包" in convener.get(answer.location).text
    with zipfile.ZipFile(io.BytesIO(made(0))) as archive:
        assert archive.namelist() == ["0001-专业技术资格评审表-李明.pdf", "0001-单位公示证明-李明.pdf"]
        assert archive.testzip() is None
        assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())
    for stranger in ("unit", "issuer", "applicant"):
        assert login(client, stranger).get(answer.location).status_code == 404
        assert login(client, stranger).post(f"/forms/plan/{plan_id}").status_code == 404


def test_the_pledge_can_be_downloaded_before_it_is_signed(app: Flask, client: FlaskClient, login: Login) -> None:
    export(login(client, "applicant2"), application_of("applicant2"), "pledge")
    run_due(app)
    text = text_of(made())
    assert "承诺人（手写签名）" in text
    assert "王芳" in text


def test_a_name_that_cannot_be_set_fails_with_a_sentence_and_can_be_asked_for_again(
    app: Flask, client: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    application_id = application_of("applicant")

    def refuse(*arguments: object, **named: object) -> bytes:
        raise RenderError("文档字体中没有以下字符，无法排印。")

    me = login(client, "applicant")
    with monkeypatch.context() as broken:
        broken.setattr(document_making.form, "render_form", refuse)
        page = export(me, application_id)
        run_due(app)
    assert "无法排印" in me.get(page).text
    assert export(me, application_id) == page
    run_due(app)
    assert documents()[0].state == "made"


def test_rare_characters_of_a_name_are_text_and_markup_stays_text(app: Flask, client: FlaskClient, login: Login, tmp_path: Path) -> None:
    application_id = application_of("applicant2")
    name = "李䶮𬍛㛃"
    with db.engine.begin() as connection:
        who = Application.__table__
        connection.execute(update(Person.__table__).where(Person.__table__.c.id == make.actor("applicant2").person_id).values(name=name))
        personal = {"birth_place": "<b>安徽</b>&amp;<script>alert(1)</script>", "ethnic": "01"}
        connection.execute(update(who).where(who.c.id == application_id).values(personal=personal))
    export(login(client, "applicant2"), application_id)
    run_due(app)
    file = tmp_path / "form.pdf"
    file.write_bytes(made())
    text = re.sub(r"\s", "", subprocess.run(["pdftotext", str(file), "-"], capture_output=True, check=True).stdout.decode())
    assert name in text
    assert "<b>安徽</b>&amp;<script>alert(1)</script>" in text
    fonts = subprocess.run(["pdffonts", str(file)], capture_output=True, check=True).stdout.decode().splitlines()[2:]
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts), fonts
    assert subprocess.run(["qpdf", "--check", str(file)], capture_output=True, check=False).returncode == 0
