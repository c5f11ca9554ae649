"""申报 from 开始检测 on: what may be submitted, what reviewers are given, and what a case's end does."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.actor import SYSTEM
from app.audit import verify
from app.errors import Invalid, WrongState
from app.queries import application as queries
from app.rules import snapshot as shots
from app.scope import scope_of, scoped, system_scope
from app.services import application, application_form, application_items, certificate, review, submission
from app.services import file as files
from app.transaction import current_session, transaction
from models.application import Application, Submission
from models.base import utcnow
from models.case import Case
from models.file import Attachment
from models.job import Job
from models.organization import Jurisdiction
from models.plan import ReviewPlan
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.journey import decide, row_of, task_of, token_of
from tests.factories.result import approved_result
from tests.factories.templates import plan_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def li(app: Flask):
    return make.actor("applicant")


def test_a_complete_application_is_checked_submitted_frozen_and_starts_its_case(li):
    application_id = make.submitted(li)
    row = row_of(application_id)
    assert row.state == "reviewing"
    assert row.submitted_at is not None
    case = current_session().execute(select(Case.__table__)).one()
    assert [stop["organization"] for stop in case.route] == [
        "合肥市第八中学", "合肥市教育局", "合肥市人力资源和社会保障局", "安徽省教育厅"]
    assert (case.procedure, case.subject_id, case.person_id) == ("application", application_id, li.person_id)
    frozen = current_session().execute(select(Submission.__table__)).one()
    assert frozen.sha256 == shots.digest(frozen.snapshot)
    files_frozen = list(shots.files_of(frozen.snapshot))
    assert len(files_frozen) >= 4
    material = queries.review_material(current_session(), application_id)
    assert all(file["attachment_id"] for file in shots.files_of(material))
    assert list(verify(current_session())) == []


def test_reviewers_on_the_route_may_open_the_frozen_files_and_nobody_else(li):
    application_id = make.submitted(li)
    material = queries.review_material(current_session(), application_id)
    attachment_id = next(shots.files_of(material))["attachment_id"]
    for username, sees in (("unit", True), ("department", False), ("company", False)):
        with scoped(scope_of(make.actor(username))):
            current_session().rollback()
            found = current_session().scalar(select(Attachment.id).where(Attachment.id == attachment_id))
            assert (found is not None) is sees, username


def test_nothing_is_submitted_without_a_clean_check_of_this_version(li):
    application_id = make.complete(li)
    with pytest.raises(WrongState, match="重新“开始检测”"):
        submission.submit(application_id=application_id, actor=li)
    assert submission.check(application_id=application_id, actor=li).is_clean
    item = make.material(application_id).on_page("work_experience")[0]
    application_items.move_item(application_id=application_id, item_id=item.id, direction="down", actor=li)
    with pytest.raises(WrongState, match="重新“开始检测”"):
        submission.submit(application_id=application_id, actor=li)
    assert row_of(application_id).state == "editing"


def test_a_changed_file_makes_the_check_stale(li):
    application_id = make.complete(li)
    submission.check(application_id=application_id, actor=li)
    attachment = make.material(application_id).slots[0].files[0]
    with system_scope():
        files.rename(attachment_id=attachment.attachment_id, name="身份证正面", actor=li)
    with pytest.raises(WrongState, match="重新“开始检测”"):
        submission.submit(application_id=application_id, actor=li)


def test_an_incomplete_application_is_not_submitted_and_the_check_says_where(li):
    application_id = make.started(li)
    report = submission.check(application_id=application_id, actor=li)
    assert not report.is_clean
    assert {"C01", "C04", "E01", "E03", "G01", "H01"} <= {finding.rule for finding in report.findings}
    assert 0 < report.percent < 100
    with pytest.raises(WrongState, match="不符合"):
        submission.submit(application_id=application_id, actor=li)


def test_outside_the_window_nothing_is_submitted(li):
    application_id = make.complete(li)
    with transaction() as session:
        session.execute(update(ReviewPlan).values(
            opens_on=dt.date(2020, 1, 1), closes_on=dt.date(2020, 2, 1)))
    report = submission.check(application_id=application_id, actor=li)
    assert "A05" in {finding.rule for finding in report.findings}
    with pytest.raises(WrongState, match="截止"):
        submission.submit(application_id=application_id, actor=li)


def test_once_a_plan_year_is_held_by_the_database(li):
    application_id = make.submitted(li)
    row = row_of(application_id)
    engineer = make.engineer_plan()
    with pytest.raises(WrongState, match="一个申报年度只允许申报一次"):
        application.create(
            plan_id=engineer, selection=make.engineer_selection(), actor=li)
    values = {k: v for k, v in row._mapping.items() if k != "id"} | {"plan_id": engineer}
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(insert(Application).values(**values))


def test_a_race_for_the_plan_year_ends_in_a_clear_sentence(li, monkeypatch):
    application_id = make.complete(li)
    submission.check(application_id=application_id, actor=li)
    values = {key: value for key, value in row_of(application_id)._mapping.items() if key != "id"}
    values |= {"plan_id": make.engineer_plan(), "state": "reviewing", "submitted_at": utcnow()}
    with transaction() as session:
        session.execute(insert(Application.__table__).values(**values))
    monkeypatch.setattr(submission, "_require_clean", lambda material: None)  # both had checked before either wrote
    with pytest.raises(WrongState, match="一个申报年度只允许申报一次"):
        submission.submit(application_id=application_id, actor=li)
    assert row_of(application_id).state == "editing"


def test_the_unit_the_person_is_bound_to_when_submitting_reviews(li):
    application_id = make.submitted(li)
    assert row_of(application_id).employer_id == task_of(application_id).organization_id


def test_withdrawing_a_first_submission_frees_the_plan_year(li):
    application_id = make.submitted(li)
    application.withdraw(application_id=application_id, actor=li)
    row = row_of(application_id)
    assert (row.state, row.submitted_at) == ("editing", None)
    with pytest.raises(WrongState, match="曾经提交"):
        application.delete_draft(application_id=application_id, actor=li)
    submission.check(application_id=application_id, actor=li)
    submission.submit(application_id=application_id, actor=li)
    assert len(current_session().execute(select(Submission.__table__)).all()) == 2


def test_after_the_unit_claimed_a_submission_cannot_be_withdrawn(li):
    application_id = make.submitted(li)
    review.claim(task_id=task_of(application_id).id, actor=make.actor("unit"))
    with pytest.raises(WrongState, match="已开始办理"):
        application.withdraw(application_id=application_id, actor=li)


def test_a_returned_application_is_edited_and_submitted_again_and_the_first_snapshot_stays(li):
    application_id = make.submitted(li)
    first = queries.review_material(current_session(), application_id)
    decide(application_id, "unit", "return", "请核对出生地")
    assert row_of(application_id).state == "returned"
    card = queries.current_cards(current_session(), li.person_id)[0]
    assert card.opinion == "请核对出生地"
    application_form.save_basic(application_id=application_id, token=token_of(application_id), actor=li,
                           raw={**make.BASIC, "birth_place": "安徽省芜湖市"})
    assert application.change_choice(
        application_id=application_id, actor=li,
        selection=replace(make.selection(make.teacher_plan()), route="exceptional"))
    material = make.material(application_id)
    assert len(material.items) > 10  # another 申报形式 leaves what was imported
    application_form.save_route_form(application_id=application_id, actor=li, raw={
        "exception_type": "资历破格", "missing_condition": "任现职未满五年", "achievements": "获省级奖励。",
        "clause": str(material.sections[0].requirements[0].id)})
    submission.check(application_id=application_id, actor=li)
    submission.submit(application_id=application_id, actor=li)
    second = queries.review_material(current_session(), application_id)
    assert second["submission"]["run"] == 2
    assert ["出生地", "安徽省芜湖市"] in second["personal"]
    again = queries.review_material(current_session(), application_id, run=1)
    assert again["personal"] == first["personal"]
    application.withdraw(application_id=application_id, actor=li)
    assert row_of(application_id).state == "returned"


def test_the_whole_route_ends_in_an_approved_application_and_no_certificate_before_its_result(li):
    application_id = make.submitted(li)
    for username in ("unit", "department", "hr", "convener"):
        decide(application_id, username)
    row = row_of(application_id)
    assert row.state == "approved"
    assert row.decided_at is not None
    jobs = current_session().execute(select(Job.__table__).where(Job.__table__.c.kind == "certificate.issue")).all()
    assert jobs == []
    steps = [step["state"] for step in queries.current_cards(current_session(), li.person_id)[0].steps]
    assert steps == ["done"] * 6


def test_taking_back_the_last_approval_reopens_until_the_committee_has_voted(li):
    application_id = make.submitted(li)
    for username in ("unit", "department", "hr"):
        decide(application_id, username)
    last = task_of(application_id)
    decide(application_id, "convener")
    review.withdraw(task_id=last.id, actor=make.actor("convener"))
    assert row_of(application_id).state == "reviewing"
    decide(application_id, "convener")
    current_session().rollback()
    approved_result(application_id)
    with pytest.raises(WrongState, match="评审结果"):
        review.withdraw(task_id=task_of(application_id).id, actor=make.actor("convener"))
    with system_scope():
        certificate.issue(application_id=application_id, actor=SYSTEM)
    with pytest.raises(WrongState, match="职称证书"):
        review.withdraw(task_id=task_of(application_id).id, actor=make.actor("convener"))
    assert row_of(application_id).state == "approved"


def test_a_terminated_application_bars_the_plan_year(li):
    application_id = make.submitted(li)
    decide(application_id, "unit", "terminate", "不符合申报条件")
    assert row_of(application_id).state == "terminated"
    engineer = make.engineer_plan()
    with pytest.raises(WrongState, match="终止"):
        application.create(plan_id=engineer, selection=make.engineer_selection(), actor=li)
    for act in (application.withdraw, application.delete_draft, submission.check, submission.submit):
        with pytest.raises(WrongState):
            act(application_id=application_id, actor=li)


def test_without_a_competent_authority_nothing_is_lost(li):
    application_id = make.complete(li)
    submission.check(application_id=application_id, actor=li)
    with transaction() as session:
        session.execute(Jurisdiction.__table__.delete().where(Jurisdiction.__table__.c.kind == "competent_department"))
    with pytest.raises(Invalid, match="主管部门"):
        submission.submit(application_id=application_id, actor=li)
    assert row_of(application_id).state == "editing"
    assert current_session().execute(select(Submission.__table__)).all() == []
