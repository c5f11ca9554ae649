"""现有职称情况 with 评聘情况: every field of the manual, order, evidence, and what the checks make of it."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.demo.evidence import evidence_pdf
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.queries.application import review_material
from app.rules.checks import examine
from app.scope import scope_of, scoped
from app.services import application, held_title, submission
from app.transaction import current_session, transaction
from models.application import Application
from models.audit import AuditEvent
from models.file import Attachment, StoredFile
from models.held_title import Appointment, HeldTitle
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.templates import plan_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def li(app: Flask):
    return make.actor("applicant")


@pytest.fixture
def browser(client, login):
    return login(client, "applicant")


@pytest.fixture
def application_id(li) -> int:
    return make.started(li)


def titles(application_id: int):
    return make.material(application_id).held_titles


def add(application_id: int, who, appointments=(make.APPOINTMENT,), **values) -> int:
    return held_title.add(
        application_id=application_id, appointments=list(appointments), actor=who,
        title={**make.HELD_TITLE, "level": make.level_id("中级"), **values})


def sent(**values: object) -> dict[str, object]:
    title = {**make.HELD_TITLE, "level": str(make.level_id("中级"))}
    return {**{f"f_{key}": value for key, value in title.items()}, "line": "0",
            **{f"a0-f_{key}": value for key, value in make.APPOINTMENT.items()}, **values}


def test_a_title_is_kept_with_every_field_and_its_appointments(application_id, li):
    before = make.material(application_id).version
    add(application_id, li, [make.APPOINTMENT, {}, {**make.APPOINTMENT, "name": "教研组长", "to_present": "",
                                                  "ends_on": "2015-12-31"}])
    [held] = titles(application_id)
    assert (held.acquisition, held.employer, held.certificate_number) == ("评审", "合肥市第八中学", "340001")
    assert (held.series, held.specialty, held.title, held.level, held.rank) == ("中小学教师", "高中数学", "一级教师", "中级", 3)
    assert (held.reviewed_on.isoformat(), held.issued_on.isoformat()) == ("2012-11-20", "2012-12-31")
    assert [(row.name, row.ends_on and row.ends_on.isoformat(), row.to_present) for row in held.appointments] == [
        ("一级教师", None, True), ("教研组长", "2015-12-31", False)]
    assert make.material(application_id).version == before + 1  # a check made before is stale
    audit = AuditEvent.__table__
    assert "application:held_title_added" in current_session().execute(select(audit.c.event)).scalars().all()


@pytest.mark.parametrize(("title", "line", "key", "words"), [
    ({"title": ""}, {}, "title", "请填写“资格名称”"),
    ({"acquisition": "77"}, {}, "acquisition", ""),
    ({"level": "999999"}, {}, "level", ""),
    ({"issued_on": "2012-11-19"}, {}, "issued_on", "不能早于“评审日期”"),
    ({"reviewed_on": "2099-01-01"}, {}, "reviewed_on", ""),
    ({}, {"ends_on": "2014-01-01"}, "a0.to_present", "只能填一项"),
    ({}, {"to_present": ""}, "a0.ends_on", "请选择“聘用结束日期”"),
    ({}, {"to_present": "", "ends_on": "2012-01-01"}, "a0.ends_on", "不能早于“聘用开始日期”"),
    ({}, {"name": ""}, "a0.name", "请填写“聘用名称”"),
])
def test_what_does_not_hold_is_named_and_nothing_is_stored(application_id, li, title, line, key, words):
    with pytest.raises(Invalid) as refused:
        add(application_id, li, [{**make.APPOINTMENT, **line}], **title)
    assert words in refused.value.fields[key]
    assert titles(application_id) == ()


def test_the_database_repeats_what_appointments_and_dates_must_be(application_id, li):
    held_title_id = add(application_id, li)
    for values in ({"to_present": True, "ends_on": make.utcnow().date()}, {"to_present": False, "ends_on": None}):
        with pytest.raises(IntegrityError), transaction() as session:
            session.execute(insert(Appointment.__table__).values(
                held_title_id=held_title_id, position=9, name="x", employer_name="x", starts_on=make.utcnow().date(),
                **values))
    held = HeldTitle.__table__
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(held).values(issued_on=dt.date(2000, 1, 1)))


def test_changing_replaces_the_appointments_and_a_second_window_is_refused(application_id, li):
    held_title_id = add(application_id, li)
    change = {"application_id": application_id, "held_title_id": held_title_id, "actor": li,
              "title": {**make.HELD_TITLE, "level": make.level_id("中级"), "title": "一级教师（数学）"}, "appointments": []}
    held_title.change(version=1, **change)
    assert (titles(application_id)[0].title, titles(application_id)[0].appointments) == ("一级教师（数学）", ())
    with pytest.raises(Conflict):
        held_title.change(version=1, **change)


def test_the_first_is_the_present_one_and_the_order_can_be_changed(application_id, li):
    first, second = add(application_id, li, title="二级教师", level=make.level_id("助理级")), add(application_id, li)
    assert "不是最高的“一级教师”" in "".join(gap.message for gap in examine(make.material(application_id)).gaps("warn"))
    held_title.move(application_id=application_id, held_title_id=second, direction="up", actor=li)
    assert [held.id for held in titles(application_id)] == [second, first]
    held_title.move(application_id=application_id, held_title_id=second, direction="up", actor=li)
    assert [held.id for held in titles(application_id)] == [second, first]
    with pytest.raises(Invalid):
        held_title.move(application_id=application_id, held_title_id=second, direction="left", actor=li)


def test_removing_takes_appointments_and_evidence_along(application_id, li):
    held_title_id = make.hold(application_id, li)
    with scoped(scope_of(li)):
        assert held_title.remove(application_id=application_id, held_title_id=held_title_id, actor=li) == "一级教师"
    session = current_session()
    assert titles(application_id) == ()
    assert session.execute(select(Appointment.__table__)).all() == []
    assert session.execute(select(Attachment.__table__.c.id).where(
        Attachment.__table__.c.subject_type == "held_title")).all() == []


def test_others_and_wrong_states_are_refused(application_id, li):
    held_title_id = add(application_id, li)
    wang = make.actor("applicant2")
    common = {"application_id": application_id, "held_title_id": held_title_id}
    for attempt in (
        lambda who: add(application_id, who), lambda who: held_title.move(direction="up", actor=who, **common),
        lambda who: held_title.remove(actor=who, **common),
        lambda who: held_title.change(version=1, title={}, appointments=[], actor=who, **common),
    ):
        with pytest.raises(NotFound):
            attempt(wang)
    other = make.started(wang)
    with pytest.raises(NotFound):  # a title of another application under one's own
        held_title.remove(application_id=other, held_title_id=held_title_id, actor=wang)
    with transaction() as session:
        session.execute(update(Application.__table__).where(Application.__table__.c.id == application_id).values(
            state="reviewing", submitted_at=make.utcnow()))
    with pytest.raises(WrongState):
        held_title.remove(actor=li, **common)


def test_a_submission_freezes_titles_appointments_and_evidence(li):
    application_id = make.complete(li)
    submission.check(application_id=application_id, actor=li)
    submission.submit(application_id=application_id, actor=li)
    [held] = review_material(current_session(), application_id)["held_titles"]
    assert held["values"]["title"] == "一级教师"
    assert held["appointments"][0] == {"name": "一级教师", "employer": "合肥市第八中学", "starts_on": "2013-01-01",
                                       "ends_on": "", "to_present": True}
    attachment = Attachment.__table__
    place = current_session().execute(select(attachment.c.subject_type).where(
        attachment.c.id == held["files"][0]["attachment_id"])).scalar_one()
    assert place == "submission"  # the reviewers open it there, whatever becomes of the draft


def test_deleting_the_draft_leaves_neither_titles_nor_files(li, application_id):
    make.hold(application_id, li)
    with scoped(scope_of(li)):
        application.delete_draft(application_id=application_id, actor=li)
    session = current_session()
    assert session.execute(select(HeldTitle.__table__)).all() == []
    assert session.execute(select(Attachment.__table__.c.id).where(
        Attachment.__table__.c.subject_type == "held_title")).all() == []
    assert session.execute(select(StoredFile.__table__.c.id).where(
        StoredFile.__table__.c.name == "资格证书和聘书.pdf")).all() == []


def test_without_scripts_lines_are_added_and_taken_away_by_the_server_and_nothing_typed_is_lost(browser, application_id):
    address = f"/applications/{application_id}/fill/titles/new"
    page = browser.get(address)
    for words in ("职称取得方式", "证书编号", "工作单位", "系列名称", "专业名称", "资格名称", "评审机构", "评审日期", "发证机构",
                  "发证日期", "聘用名称", "聘用单位", "聘用开始日期", "聘用结束日期", "至今", "事业单位人员评聘情况为必填项",
                  "不超过"):
        assert words in page.text, words
    more = browser.post(address, data=sent(_add="1"))
    assert 'name="a1-f_name"' in more.text
    assert 'value="340001"' in more.text
    less = browser.post(address, data=sent(_drop="0"))
    assert 'name="a0-f_name"' not in less.text
    assert titles(application_id) == ()


def test_a_title_is_added_with_its_evidence_by_one_button_and_edited(browser, application_id):
    base = f"/applications/{application_id}/fill"
    refused = browser.post(f"{base}/titles/new", data=sent(f_title="", **{"a0-f_name": ""}))
    assert refused.status_code == 422
    assert "请填写“资格名称”" in refused.text
    assert "请填写“聘用名称”" in refused.text
    evidence = (io.BytesIO(evidence_pdf("证书", ("样张",), "本人")), "资格证书.pdf")
    wrong = (io.BytesIO(b"MZ"), "病毒.exe")
    done = browser.post(f"{base}/titles/new", data=sent(files=[evidence, wrong]))
    assert done.location.endswith("/fill#held-titles")
    page = browser.get(done.location)
    for words in ("一级教师", "现任专业技术职务", "资格证书.pdf", "病毒.exe"):
        assert words in page.text, words
    [held] = titles(application_id)
    assert [file.name for file in held.files] == ["资格证书.pdf"]
    edit = browser.get(f"{base}/titles/{held.id}")
    assert 'value="2013-01-01"' in edit.text
    saved = browser.post(f"{base}/titles/{held.id}", data=sent(f_title="高级教师", version="1"))
    assert saved.status_code == 302
    stale = browser.post(f"{base}/titles/{held.id}", data=sent(f_title="正高级教师", version="1"))
    assert stale.status_code == 409
    assert 'value="正高级教师"' in stale.text
    assert titles(application_id)[0].title == "高级教师"


def test_foreign_titles_answer_like_missing_ones(browser, client, login, application_id):
    held_title_id = add(application_id, make.actor("applicant"))
    other = login(client, "applicant2")
    for address in (f"/applications/{application_id}/fill/titles/new",
                    f"/applications/{application_id}/fill/titles/{held_title_id}"):
        assert other.get(address).status_code == 404
    assert other.post(f"/applications/{application_id}/fill/titles/{held_title_id}/remove").status_code == 404
    pdf = (io.BytesIO(evidence_pdf("证书", ("样张",), "本人")), "资格证书.pdf")
    assert other.post(f"/files/held_title/{held_title_id}/evidence", data={"files": pdf}).status_code == 404
    assert browser.get("/applications/999999/fill/titles/new").status_code == 404
