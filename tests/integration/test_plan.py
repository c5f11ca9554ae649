"""评审计划: each step by its convener in its state, refused to everybody else and in every other state; editions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

import models as m
from app.actor import Actor
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.extensions import db
from app.queries import plan as plan_queries
from app.queries.plan_desk import parts_of
from app.rules import check_settings, deadlines
from app.scope import system_scope
from app.services import plan as plans
from app.services import plan_edition
from app.services.plan import Description
from app.transaction import current_session
from tests.factories import application as make
from tests.factories import person as people
from tests.factories import plan as rows
from tests.factories.rows import save

TODAY = deadlines.today()
LATER = TODAY + dt.timedelta(days=30)
WORDS = Description("<p>范围</p>", "<p>内容</p>", "张老师", "0551-1", "合肥")


@pytest.fixture
def convener(app: Flask) -> people.Unit:
    return people.unit("convener1", kind="convener")


@pytest.fixture(autouse=True)
def everything(app: Flask) -> Iterator[None]:
    """Services compare the owner themselves; pages are tested with the scope of the account."""
    with system_scope():
        yield


def row(plan_id: int) -> Any:
    db.session.rollback()
    return db.session.execute(select(m.ReviewPlan.__table__).where(m.ReviewPlan.__table__.c.id == plan_id)).one()


def events(plan_id: int) -> list[tuple[str, dict[str, Any]]]:
    event = m.AuditEvent.__table__
    return [tuple(found) for found in db.session.execute(
        select(event.c.event, event.c.data)
        .where(event.c.subject_type == "review_plan", event.c.subject_id == plan_id).order_by(event.c.seq)
    )]


def count(model: Any, **where: Any) -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(model.__table__).filter_by(**where)).scalar_one())


Step = Callable[[int, Actor], Any]
# verb -> (the states it works in, the call)
STEPS: dict[str, tuple[set[str], Step]] = {
    "publish": ({"draft"}, lambda plan, actor: plans.publish(plan_id=plan, actor=actor)),
    "close": ({"published", "revising"}, lambda plan, actor: plans.close(plan_id=plan, actor=actor)),
    "extend": ({"published", "revising"}, lambda plan, actor: plans.extend(
        plan_id=plan, closes_on=LATER, reason="报名人数多", actor=actor)),
    "reopen": ({"closed"}, lambda plan, actor: plans.reopen(plan_id=plan, closes_on=LATER, reason="补报", actor=actor)),
    "describe": ({"draft", "published", "revising", "closed"}, lambda plan, actor: plans.describe(
        plan_id=plan, description=WORDS, version=1, actor=actor)),
    "offerings": ({"draft", "revising"}, lambda plan, actor: plans.set_offerings(
        plan_id=plan, series_id=make.series(), level_ids=(), pairs=(), actor=actor)),
    "checks": ({"draft", "revising"}, lambda plan, actor: plans.set_checks(
        plan_id=plan, chosen={"A11": ("block", {})}, actor=actor)),
    "copy": ({"draft", "published", "revising", "closed"}, lambda plan, actor: plan_edition.copy(
        plan_id=plan, year=2027, actor=actor)),
    "revise": ({"published"}, lambda plan, actor: plan_edition.revise(plan_id=plan, reason="更正附件项", actor=actor)),
    "publish_revision": ({"revising"}, lambda plan, actor: plan_edition.publish_revision(plan_id=plan, actor=actor)),
    "discard_revision": ({"revising"}, lambda plan, actor: plan_edition.discard_revision(plan_id=plan, actor=actor)),
}


def in_state(convener: people.Unit, state: str) -> int:
    plan = make.plan(convener.id, state="published" if state == "revising" else state)
    rows.fill(plan)
    rows.window(plan)
    if state == "revising":
        rows.fill(plan, edition=2)
        with db.engine.begin() as connection:
            connection.execute(m.ReviewPlan.__table__.update().where(m.ReviewPlan.__table__.c.id == plan).values(
                draft_edition=2, revision_reason="更正"))
    return plan


@pytest.mark.parametrize("verb", STEPS)
@pytest.mark.parametrize("state", ["draft", "published", "revising", "closed"])
def test_each_step_works_in_its_states_only(convener: people.Unit, verb: str, state: str) -> None:
    plan = in_state(convener, state)
    states, act = STEPS[verb]
    before = row(plan)
    if state in states:
        act(plan, rows.actor_of(convener))
        assert len(events(plan)) == (0 if verb == "copy" else 1)
        assert row(plan).version == before.version + (verb != "copy")
    else:
        with pytest.raises(WrongState):
            act(plan, rows.actor_of(convener))
        assert row(plan) == before
        assert events(plan) == []


@pytest.mark.parametrize("verb", STEPS)
def test_no_step_is_taken_with_a_foreign_plan(convener: people.Unit, verb: str) -> None:
    states, act = STEPS[verb]
    plan = in_state(convener, next(iter(states)))
    before = row(plan)
    foreign = rows.actor_of(people.unit("convener2", kind="convener"))
    applicant = Actor(user_id=1, name="李明", person_id=1, roles=frozenset({"Applicant"}))
    operations = Actor(user_id=1, name="运维", roles=frozenset({"Ops"}))
    for actor in (foreign, applicant, operations):
        with pytest.raises(NotFound):
            act(plan, actor)
    assert row(plan) == before
    act(plan, rows.admin())  # the platform's administrators may


def test_a_window_is_extended_with_a_reason_and_never_shortened(convener: people.Unit) -> None:
    plan, actor = in_state(convener, "published"), rows.actor_of(convener)
    before = row(plan).closes_on
    for closes_on in (None, before, TODAY - dt.timedelta(days=1)):
        with pytest.raises(Invalid) as refused:
            plans.extend(plan_id=plan, closes_on=closes_on, reason="原因", actor=actor)
        assert set(refused.value.fields) == {"closes_on"}
    for reason in ("", " x ", "长" * 301):
        with pytest.raises(Invalid) as refused:
            plans.extend(plan_id=plan, closes_on=LATER, reason=reason, actor=actor)
        assert set(refused.value.fields) == {"reason"}
    assert row(plan).closes_on == before
    plans.extend(plan_id=plan, closes_on=LATER, reason=" 系统维护，顺延 ", actor=actor)
    assert row(plan).closes_on == LATER
    assert events(plan)[-1][0] == "plan:extended"
    assert events(plan)[-1][1] | {"old": before.isoformat(), "new": LATER.isoformat(), "reason": "系统维护，顺延"} == events(plan)[-1][1]


def test_a_closed_plan_opens_again_until_a_day_from_today_on(convener: people.Unit) -> None:
    plan, actor = in_state(convener, "closed"), rows.actor_of(convener)
    with pytest.raises(Invalid):
        plans.reopen(plan_id=plan, closes_on=TODAY - dt.timedelta(days=1), reason="补报", actor=actor)
    plans.reopen(plan_id=plan, closes_on=TODAY, reason="补报", actor=actor)
    assert (row(plan).state, row(plan).closes_on) == ("published", TODAY)


def test_words_are_cleaned_and_a_second_tab_is_refused(convener: people.Unit) -> None:
    plan, actor = in_state(convener, "published"), rows.actor_of(convener)
    bad = Description('<h1>通知</h1><script>alert(1)</script><p onclick="x()" style="color:red">正文</p>', "", "", "", "")
    assert plans.describe(plan_id=plan, description=bad, version=1, actor=actor)
    assert row(plan).scope_text == "<h3>通知</h3><p>正文</p>"
    assert events(plan)[-1][1]["changes"]["scope_text"][1] == "<h3>通知</h3><p>正文</p>"
    with pytest.raises(Conflict):
        plans.describe(plan_id=plan, description=WORDS, version=1, actor=actor)
    assert not plans.describe(
        plan_id=plan, description=Description("<h3>通知</h3><p>正文</p>", "", "", "", ""), version=2, actor=actor)


def test_everything_that_is_missing_is_named_at_once(convener: people.Unit) -> None:
    plan = make.plan(convener.id, state="draft")
    blocking = {part.key for part in plans.blocking(parts_of(current_session(), plan, 1))}
    assert blocking == {"levels", "offerings", "standards"}
    ids = rows.fill(plan)
    assert plans.blocking(parts_of(current_session(), plan, 1)) == []
    group = save(m.StandardGroup(section_id=ids["section"], name="满足两项", minimum=2))
    assert {part.key for part in plans.blocking(parts_of(current_session(), plan, 1))} == {"groups"}
    for _ in range(2):
        kind, _version = make.kind()
        save(m.StandardItem(section_id=ids["section"], kind_id=kind, group_id=group))
    db.session.rollback()
    assert plans.blocking(parts_of(current_session(), plan, 1)) == []
    other = save(m.TitleLevel(code="x", name="正高", label="正高", rank=999, number_code="1"))
    save(m.PlanLevel(plan_id=plan, level_id=other))
    db.session.rollback()
    assert [part.problem for part in plans.blocking(parts_of(current_session(), plan, 1))] == ["正高还没有可申报的专业和职称。"]


def test_offerings_are_set_by_series_and_never_mixed(convener: people.Unit) -> None:
    plan, actor = make.plan(convener.id, state="draft"), rows.actor_of(convener)
    ids = rows.fill(plan)
    other = rows.fill(make.plan(convener.id, state="draft"))
    with pytest.raises(Invalid, match="不一致"):
        plans.set_offerings(plan_id=plan, series_id=ids["series"], level_ids=[ids["level"]],
                            pairs=[(other["specialty"], ids["title"])], actor=actor)
    plans.set_offerings(plan_id=plan, series_id=other["series"], level_ids=[ids["level"], other["level"]],
                        pairs=[(other["specialty"], other["title"])], actor=actor)
    assert count(m.PlanOffering, plan_id=plan) == 2
    plans.set_offerings(plan_id=plan, series_id=other["series"], level_ids=[ids["level"]], pairs=[], actor=actor)
    assert count(m.PlanOffering, plan_id=plan) == 1
    assert count(m.PlanLevel, plan_id=plan) == 1
    assert events(plan)[-1][1]["removed"] == [[other["specialty"], other["title"]]]


def test_check_settings_keep_what_differs_and_name_what_is_wrong(convener: people.Unit) -> None:
    plan, actor = make.plan(convener.id, state="draft"), rows.actor_of(convener)
    hours = {"years": "5", "hours": "90", "professional": "60", "public": "30"}
    plans.set_checks(plan_id=plan, chosen={"F01": ("block", hours), "A11": ("warn", {})}, actor=actor)
    check = m.PlanCheck.__table__
    stored = db.session.execute(select(check.c.rule, check.c.level, check.c.parameters)).all()
    assert [tuple(found) for found in stored] == [
        ("F01", "block", {"years": 5, "hours": 90, "professional": 60, "public": 30})]
    with pytest.raises(Invalid) as refused:
        plans.set_checks(plan_id=plan, chosen={"F01": ("maybe", hours | {"hours": "-1"})}, actor=actor)
    assert set(refused.value.fields) == {"F01-level", "F01-hours"}
    with pytest.raises(Invalid):
        plans.set_checks(plan_id=plan, chosen={"A01": ("off", {})}, actor=actor)
    usual = check_settings.USUAL["F01"]
    plans.set_checks(plan_id=plan, chosen={"F01": (usual.level, {k: str(v) for k, v in usual.parameters.items()})}, actor=actor)
    assert count(m.PlanCheck, plan_id=plan) == 0


def deep(convener: people.Unit, *, state: str = "published") -> tuple[int, dict[str, int]]:
    """A plan with one of everything."""
    plan = make.plan(convener.id, state=state, name="2026年—测试评审委员会")
    ids = rows.fill(plan)
    rows.window(plan)
    group = save(m.StandardGroup(section_id=ids["section"], name="满足一项", minimum=1))
    kind, _version = make.kind()
    save(m.StandardItem(section_id=ids["section"], kind_id=kind, group_id=group, maximum=3, hint="任选"))
    slot = rows.slot(plan)
    save(m.PlanCheck(plan_id=plan, rule="A11", level="block", parameters={}))
    make.attachment(make.stored_file(organization_id=convener.id), "plan", plan)
    save(m.Attachment(file_id=make.stored_file(organization_id=convener.id), subject_type="plan_slot", subject_id=slot,
                      slot="template", name="模板.docx"))
    return plan, ids


def content(plan: int, edition: int) -> list[Any]:
    """Everything an edition says, without ids."""
    db.session.rollback()
    found: list[Any] = []
    for model in (m.PlanLevel, m.PlanOffering, m.PlanCheck, m.AttachmentSlot):
        table = model.__table__
        found.append([
            tuple(value for key, value in line.items() if key not in ("id", "plan_id", "edition"))
            for line in db.session.execute(
                select(table).where(table.c.plan_id == plan, table.c.edition == edition).order_by(table.c.id)
            ).mappings()
        ])
    standard, section, group, item = (
        x.__table__ for x in (m.ReviewStandard, m.StandardSection, m.StandardGroup, m.StandardItem))
    found.append([tuple(line) for line in db.session.execute(
        select(standard.c.name, section.c.name, section.c.level_id, item.c.kind_id, item.c.minimum, item.c.maximum,
               item.c.hint, group.c.name, group.c.minimum)
        .join(section, section.c.standard_id == standard.c.id).join(item, item.c.section_id == section.c.id)
        .outerjoin(group, group.c.id == item.c.group_id)
        .where(standard.c.plan_id == plan, standard.c.edition == edition).order_by(item.c.id))])
    attachment, slot = m.Attachment.__table__, m.AttachmentSlot.__table__
    found.append([tuple(line) for line in db.session.execute(
        select(attachment.c.file_id, attachment.c.name).join(slot, slot.c.id == attachment.c.subject_id)
        .where(attachment.c.subject_type == "plan_slot", slot.c.plan_id == plan, slot.c.edition == edition))])
    return found


def test_a_copy_for_next_year_has_everything_and_shares_nothing(convener: people.Unit) -> None:
    plan, _ids = deep(convener)
    made = plan_edition.copy(plan_id=plan, year=2027, actor=rows.actor_of(convener))
    assert content(made, 1) == content(plan, 1)
    old, new = row(plan), row(made)
    assert (new.name, new.year, new.state, new.edition, new.published_at) == (
        "2027年—测试评审委员会", 2027, "draft", 1, None)
    assert new.opens_on == plan_edition.shifted(old.opens_on, 1)
    assert new.closes_on == plan_edition.shifted(old.closes_on, 1)
    assert len(plan_queries.documents_of(current_session(), made)) == 1
    assert events(made) == [("plan:copied", {"state": "draft", "edition": 1, "copied_from": plan, "year": 2027})]
    with pytest.raises(Invalid, match="已有名为"):
        plan_edition.copy(plan_id=plan, year=2027, actor=rows.actor_of(convener))


@pytest.mark.parametrize(("day", "years", "shifted"), [
    (dt.date(2026, 12, 22), 1, dt.date(2027, 12, 22)), (dt.date(2024, 2, 29), 1, dt.date(2025, 2, 28)),
    (dt.date(2024, 2, 29), 4, dt.date(2028, 2, 29)),
])
def test_windows_move_by_whole_years(day: dt.date, years: int, shifted: dt.date) -> None:
    assert plan_edition.shifted(day, years) == shifted


def test_running_applications_keep_the_edition_they_began_with(convener: people.Unit) -> None:
    plan, ids = deep(convener)
    actor, before = rows.actor_of(convener), content(plan, 1)
    plan_edition.revise(plan_id=plan, reason="补充附件项", actor=actor)
    assert content(plan, 2) == before
    rows.slot(plan, code="exam", edition=2)
    with system_scope():
        page = plan_queries.plan_page(current_session(), plan)
    assert page.edition == 1  # nobody sees a revision before it is published
    assert {standard.id for standard in page.standards} == {ids["standard"]}
    plan_edition.publish_revision(plan_id=plan, actor=actor)
    assert content(plan, 1) == before  # what was in force is as it was
    page = plan_queries.plan_page(current_session(), plan)
    assert page.edition == 2
    assert {standard.id for standard in page.standards}.isdisjoint({ids["standard"]})
    assert plan_queries.plan_page(current_session(), plan, edition=1).standards[0].id == ids["standard"]
    assert [event for event, _data in events(plan)] == ["plan:revision_started", "plan:revision_published"]
    assert events(plan)[-1][1]["reason"] == "补充附件项"


def test_a_discarded_revision_leaves_no_trace_but_in_the_audit(convener: people.Unit) -> None:
    plan, _ids = deep(convener)
    before, attachments = content(plan, 1), count(m.Attachment)
    plan_edition.revise(plan_id=plan, reason="试一试", actor=rows.actor_of(convener))
    assert count(m.Attachment) == attachments + 1
    plan_edition.discard_revision(plan_id=plan, actor=rows.actor_of(convener))
    assert content(plan, 1) == before
    assert content(plan, 2) == [[], [], [], [], [], []]
    assert count(m.Attachment) == attachments
    assert row(plan).draft_edition is None


def test_an_incomplete_revision_is_not_published(convener: people.Unit) -> None:
    plan, _ids = deep(convener)
    actor = rows.actor_of(convener)
    plan_edition.revise(plan_id=plan, reason="改专业", actor=actor)
    offering = m.PlanOffering.__table__
    with db.engine.begin() as connection:
        connection.execute(offering.delete().where(offering.c.edition == 2))
    with pytest.raises(Invalid, match="请选择可评审专业"):
        plan_edition.publish_revision(plan_id=plan, actor=actor)
    assert row(plan).edition == 1


def test_the_database_refuses_a_revision_out_of_order(convener: people.Unit) -> None:
    from sqlalchemy.exc import IntegrityError

    plan = make.plan(convener.id)
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(m.ReviewPlan.__table__.update().where(m.ReviewPlan.__table__.c.id == plan).values(draft_edition=3))
