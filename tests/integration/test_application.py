"""申报 on the applicant's side: choice, pledge, filling, imports, deleting."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, insert, select, update

from app.audit import Event
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.extensions import db
from app.queries import material as materials
from app.scope import system_scope
from app.services import application, application_form, application_items, submission
from app.services.application import Selection
from app.services.application_items import Place
from app.transaction import current_session, transaction
from models.achievement import Achievement
from models.application import Application, ApplicationItem, Pledge
from models.audit import AuditEvent
from models.file import Attachment
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.journey import row_of, token_of
from tests.factories.templates import plan_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def li(app: Flask):
    return make.actor("applicant")


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


def test_a_draft_is_deleted_with_its_items_and_files(li):
    application_id = make.complete(li)
    with system_scope():
        application.delete_draft(application_id=application_id, actor=li)
    assert current_session().execute(select(Application.__table__)).all() == []
    assert current_session().execute(select(ApplicationItem.__table__)).all() == []
    assert current_session().execute(
        select(Attachment.__table__).where(Attachment.__table__.c.subject_type == "application")).all() == []


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
