"""申报 on the applicant's side: choice, pledge, filling, checking, submitting, and what a case's end does."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import event, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.actor import SYSTEM
from app.audit import Event, verify
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.extensions import db
from app.queries import application as queries
from app.queries import material as materials
from app.rules import snapshot as shots
from app.rules.field_merge import token_of as token_for
from app.scope import scope_of, scoped, system_scope
from app.services import application, application_form, application_items, certificate, review, submission
from app.services import file as files
from app.services.application import Selection
from app.services.application_items import Place
from app.transaction import current_session, transaction
from models.achievement import Achievement
from models.application import Application, ApplicationItem, Pledge, Submission
from models.audit import AuditEvent
from models.base import utcnow
from models.case import Case, Task
from models.file import Attachment
from models.job import Job
from models.organization import Jurisdiction
from models.plan import ReviewPlan
from tests.database import Databases, build_template
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommended
from tests.factories.result import approved_result


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return build_template(application, store, "teacher_plan", make.build_world, base="empty")


@pytest.fixture
def li(app: Flask):
    return make.actor("applicant")


def row_of(application_id: int):
    current_session().rollback()
    table = Application.__table__
    return current_session().execute(select(table).where(table.c.id == application_id)).one()


def task_of(application_id: int):
    current_session().rollback()
    table = Task.__table__
    return current_session().execute(
        select(table).where(table.c.subject_type == "application", table.c.subject_id == application_id)
        .order_by(table.c.id.desc()).limit(1)
    ).one()


def decide(application_id: int, username: str, action: str = "approve", opinion: str = ""):
    task, who = task_of(application_id), make.actor(username)
    if username in ("unit", "unit2"):
        review.claim(task_id=task.id, actor=who)
    if action == "approve":
        if task.node == "employer":
            recommended(task, who, occupies=True)
        return review.approve(task_id=task.id, actor=who, opinion=opinion)
    return {"return": review.return_, "terminate": review.terminate}[action](
        task_id=task.id, actor=who, opinion=opinion or "请补充材料")


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


def test_a_choice_outside_the_plan_is_refused_beside_its_field(li):
    plan_id = make.teacher_plan()
    good = make.selection(plan_id)
    other = make.engineer_selection()
    for wrong, field in (
        (Selection("transfer", good.specialty_id, good.title_id, good.standard_id), "route"),
        (Selection("regular", other.specialty_id, good.title_id, good.standard_id), "specialty_id"),
        (Selection("regular", good.specialty_id, other.title_id, good.standard_id), "title_id"),
        (Selection("regular", good.specialty_id, good.title_id, other.standard_id), "standard_id"),
    ):
        with pytest.raises(Invalid) as caught:
            application.create(plan_id=plan_id, selection=wrong, actor=li)
        assert field in caught.value.fields
    assert current_session().execute(select(Application.__table__)).all() == []


def test_an_application_in_the_same_plan_is_gone_on_with(li):
    plan_id = make.teacher_plan()
    first = application.create(plan_id=plan_id, selection=make.selection(plan_id), actor=li)
    assert application.create(plan_id=plan_id, selection=make.selection(plan_id), actor=li) == first


def test_a_person_without_a_unit_is_told_why_and_has_no_application(app):
    newcomer = make.actor("newcomer")
    plan_id = make.teacher_plan()
    with pytest.raises(WrongState, match="个人注册"):
        application.create(plan_id=plan_id, selection=make.selection(plan_id), actor=newcomer)


def test_the_pledge_records_text_and_time_and_an_older_text_is_a_conflict(li):
    plan_id = make.teacher_plan()
    application_id = application.create(plan_id=plan_id, selection=make.selection(plan_id), actor=li)
    old = current_session().execute(select(Pledge.__table__.c.id)).scalar_one()
    with transaction() as session:
        session.execute(insert(Pledge).values(number=9, title="诚信承诺书", clauses=["新"], sha256="x"))
    with pytest.raises(Conflict, match="重新阅读"):
        application.accept_pledge(application_id=application_id, pledge_id=old, actor=li)
    application.accept_pledge(application_id=application_id, pledge_id=old + 1, actor=li)
    row = row_of(application_id)
    assert (row.pledge_id, row.pledged_at is not None) == (old + 1, True)
    trail = current_session().execute(select(AuditEvent.__table__).where(
        AuditEvent.__table__.c.event == Event.APPLICATION_PLEDGED.value)).one()
    assert trail.data["number"] == 9


def token_of(application_id: int) -> str:
    material = make.material(application_id)
    return token_for(application_form.stored_of(material))


def test_saving_keeps_what_holds_lowers_the_years_and_reports_the_rest(li):
    application_id = make.started(li)
    saved = application_form.save_basic(
        application_id=application_id, token=token_of(application_id), actor=li,
        raw={**make.BASIC, "profession_years": "30", "work_start": "昨天"},
    )
    assert "profession_years" in saved.notices
    assert "work_start" in saved.errors
    row = row_of(application_id)
    assert row.personal["profession_years"] == 21
    assert row.personal["birth_place"] == "安徽省合肥市"
    assert row.personal["work_start"] != "昨天"


def test_two_windows_are_merged_field_by_field_and_what_both_changed_stays_with_both_values_told(li):
    application_id = make.started(li)
    token = token_of(application_id)
    both = {**row_of(application_id).personal, "birth_place": "合肥", "health": "健康"}
    application_form.save_basic(application_id=application_id, token=token, actor=li, raw=both)
    second = application_form.save_basic(
        application_id=application_id, token=token, actor=li,
        raw={**both, "birth_place": "芜湖", "health": "", "former_name": "李大明"})
    stored = row_of(application_id).personal
    assert (stored["birth_place"], stored["health"], stored["former_name"]) == ("合肥", "健康", "李大明")
    assert second.conflicts == {"birth_place": ("芜湖", "合肥")}
    assert second.arrived == {"health": "健康"}
    decided = application_form.save_basic(
        application_id=application_id, token=second.token, actor=li, raw={**stored, "birth_place": "芜湖"})
    assert (decided.conflicts, row_of(application_id).personal["birth_place"]) == ({}, "芜湖")


@pytest.mark.parametrize("token", ["", "{", "[]", "null", "x" * 300_000])
def test_a_window_that_cannot_say_what_it_began_with_overwrites_nothing(li, token):
    application_id = make.started(li)
    application_form.save_basic(application_id=application_id, actor=li, raw={"birth_place": "合肥"})
    saved = application_form.save_basic(
        application_id=application_id, token=token, actor=li, raw={"birth_place": "芜湖", "former_name": "李大明"})
    assert saved.conflicts["birth_place"] == ("芜湖", "合肥")
    assert row_of(application_id).personal["birth_place"] == "合肥"
    assert row_of(application_id).personal["former_name"] == "李大明"


def test_only_own_approved_items_of_the_kind_are_imported_and_never_twice(li):
    application_id = make.started(li)
    work = make.approved(li, "work_experience")
    place = Place(page="work_experience")
    foreign = make.approved(make.actor("applicant2"), "work_experience")
    with pytest.raises(Invalid):
        application_items.import_items(application_id=application_id, place=place, achievement_ids=foreign, actor=li)
    with pytest.raises(Invalid):
        application_items.import_items(
            application_id=application_id, place=place, achievement_ids=make.approved(li, "education"), actor=li)
    with transaction() as session:
        session.execute(update(Achievement).where(Achievement.id == work[0]).values(state="returned"))
    with pytest.raises(Invalid, match="尚未通过"):
        application_items.import_items(application_id=application_id, place=place, achievement_ids=work, actor=li)
    assert make.material(application_id).items == ()
    application_items.import_items(application_id=application_id, place=place, achievement_ids=work[1:], actor=li)
    with pytest.raises(Invalid, match="已经导入过"):
        application_items.import_items(application_id=application_id, place=place, achievement_ids=work[1:], actor=li)


def test_a_maximum_is_never_exceeded(li):
    application_id = make.started(li)
    material = make.material(application_id)
    need = next(n for s in material.sections for n in s.requirements if n.kind == "工作(技术)总结报告")
    summary_ids = make.approved(li, "work_summary")
    with transaction() as session:
        row = session.execute(select(Achievement.__table__).where(Achievement.__table__.c.id == summary_ids[0])).mappings().one()
        session.execute(insert(Achievement).values(**{k: v for k, v in row.items() if k != "id"}))
    with pytest.raises(Invalid, match="最多 1 项"):
        application_items.import_items(
            application_id=application_id, place=Place(standard_item_id=need.id),
            achievement_ids=make.approved(li, "work_summary"), actor=li)


def test_items_move_within_their_place_and_are_removed_without_touching_the_portfolio(li):
    application_id = make.started(li)
    ids = make.approved(li, "annual_assessment")[:3]
    application_items.import_items(
        application_id=application_id, place=Place(page="annual_assessment"), achievement_ids=ids, actor=li)
    items = make.material(application_id).on_page("annual_assessment")
    application_items.move_item(application_id=application_id, item_id=items[2].id, direction="up", actor=li)
    application_items.move_item(application_id=application_id, item_id=items[0].id, direction="up", actor=li)
    assert [i.achievement_id for i in make.material(application_id).on_page("annual_assessment")] == [
        ids[0], ids[2], ids[1]]
    application_items.remove_item(application_id=application_id, item_id=items[0].id, actor=li)
    assert [i.achievement_id for i in make.material(application_id).items] == [ids[2], ids[1]]
    assert make.approved(li, "annual_assessment")[:3] == ids


def test_another_standard_clears_the_achievements_of_the_standard_only(li):
    application_id = make.complete(li)
    plan_id = make.teacher_plan()
    assert application.change_choice(
        application_id=application_id, selection=make.selection(plan_id, standard=1), actor=li)
    material = make.material(application_id)
    assert all(item.page for item in material.items)
    assert material.on_page("education")


def test_nobody_else_can_see_or_touch_an_application(li):
    application_id = make.started(li)
    stranger = make.actor("applicant2")
    with pytest.raises(NotFound):
        materials.own(current_session(), application_id, actor=stranger)
    for act in (
        lambda: application_form.save_basic(application_id=application_id, raw={}, token="", actor=stranger),
        lambda: application.delete_draft(application_id=application_id, actor=stranger),
        lambda: application.withdraw(application_id=application_id, actor=stranger),
        lambda: submission.check(application_id=application_id, actor=stranger),
        lambda: submission.submit(application_id=application_id, actor=stranger),
        lambda: application_items.import_items(
            application_id=application_id, place=Place(page="education"), achievement_ids=[1], actor=stranger),
        lambda: application.change_choice(
            application_id=application_id, selection=make.selection(make.teacher_plan()), actor=stranger),
    ):
        with pytest.raises(NotFound):
            act()


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


def test_a_draft_is_deleted_with_its_items_and_files(li):
    application_id = make.complete(li)
    with system_scope():
        application.delete_draft(application_id=application_id, actor=li)
    assert current_session().execute(select(Application.__table__)).all() == []
    assert current_session().execute(select(ApplicationItem.__table__)).all() == []
    assert current_session().execute(
        select(Attachment.__table__).where(Attachment.__table__.c.subject_type == "application")).all() == []


def test_without_a_competent_authority_nothing_is_lost(li):
    application_id = make.complete(li)
    submission.check(application_id=application_id, actor=li)
    with transaction() as session:
        session.execute(Jurisdiction.__table__.delete().where(Jurisdiction.__table__.c.kind == "competent_department"))
    with pytest.raises(Invalid, match="主管部门"):
        submission.submit(application_id=application_id, actor=li)
    assert row_of(application_id).state == "editing"
    assert current_session().execute(select(Submission.__table__)).all() == []


def test_the_material_takes_at_most_twelve_statements_however_many_items(li):
    application_id = make.complete(li)
    statements: list[str] = []

    def count(conn, cursor, statement, parameters, context, executemany):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        materials.load(current_session(), application_id)
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(statements) <= 12
