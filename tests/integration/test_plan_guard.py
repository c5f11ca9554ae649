"""The database keeps what was published: statements that go past every service are refused, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

import models as m
from app.extensions import db
from app.scope import system_scope
from app.services import plan as plans
from app.services import plan_edition
from tests.factories import application as make
from tests.factories import person as people
from tests.factories import plan as rows
from tests.factories.rows import save

# part -> a change of a row of it
CHANGES: dict[type, dict[str, Any]] = {
    m.PlanLevel: {"edition": 2}, m.PlanOffering: {"edition": 7}, m.PlanForm: {"fields": []}, m.PlanCheck: {"level": "off"},
    m.ReviewStandard: {"name": "另一个标准"}, m.StandardSection: {"name": "另一个分类"}, m.StandardGroup: {"minimum": 5},
    m.StandardItem: {"minimum": 3}, m.AttachmentSlot: {"is_required": False}, m.Attachment: {"name": "另一个模板.docx"},
}
FIXED: dict[str, Any] = {
    "year": 2027, "name": "改名", "plan_type": "green", "routes": ["regular", "green"], "needs_interview": True,
    "allows_exemption": True, "exemption_note": "都可以", "published_at": None, "state": "draft", "edition": 0,
}
NEVER = "never changed"


@pytest.fixture
def convener(app: Flask) -> Iterator[people.Unit]:
    with system_scope():
        yield people.unit("convener1", kind="convener")


def drafted(convener: people.Unit) -> int:
    """A draft with a row of every part."""
    plan = make.plan(convener.id, state="draft")
    ids = rows.fill(plan)
    rows.window(plan)
    save(m.StandardGroup(section_id=ids["section"], name="任选", minimum=1))
    save(m.PlanCheck(plan_id=plan, rule="A11", level="block", parameters={}))
    item = m.StandardItem.__table__
    with db.engine.begin() as connection:
        connection.execute(item.update().values(group_id=select(m.StandardGroup.__table__.c.id).scalar_subquery()))
    template(rows.slot(plan), convener)
    return plan


def template(slot: int, convener: people.Unit) -> int:
    return save(m.Attachment(file_id=make.stored_file(organization_id=convener.id), subject_type="plan_slot", subject_id=slot,
                             slot="template", name="模板.docx"))


def published(convener: people.Unit) -> int:
    plan = drafted(convener)
    plans.publish(plan_id=plan, actor=rows.actor_of(convener))
    return plan


def run(*statements: Any) -> None:
    """All in one transaction of its own, by a Core connection: no service, no row scope."""
    db.session.rollback()
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def stored(model: Any) -> list[Any]:
    db.session.rollback()
    return list(db.session.execute(select(model.__table__).order_by(model.__table__.c.id)))


@pytest.mark.parametrize("model", CHANGES, ids=lambda model: model.__tablename__)
def test_a_part_of_a_published_plan_is_neither_changed_nor_deleted_nor_added(convener: people.Unit, model: Any) -> None:
    published(convener)
    table, before = model.__table__, stored(model)
    assert before
    again = {key: value for key, value in before[0]._mapping.items() if key != "id"}
    for statement in (table.update().values(**CHANGES[model]), table.delete(), table.insert().values(again)):
        with pytest.raises(DatabaseError, match=NEVER):
            run(statement)
    assert stored(model) == before


@pytest.mark.parametrize("model", CHANGES, ids=lambda model: model.__tablename__)
def test_a_draft_is_changed_freely(convener: people.Unit, model: Any) -> None:
    drafted(convener)
    table = model.__table__
    if model is not m.PlanForm:
        assert stored(model)
    leave = [m.StandardItem.__table__.update().values(group_id=None)] if model is m.StandardGroup else []
    run(table.update().values(**CHANGES[model]), *leave, table.delete())
    assert stored(model) == []


@pytest.mark.parametrize("column", FIXED)
def test_what_is_fixed_at_publication_stays(convener: people.Unit, column: str) -> None:
    published(convener)
    before = stored(m.ReviewPlan)
    with pytest.raises(DatabaseError, match=NEVER):
        run(m.ReviewPlan.__table__.update().values({column: FIXED[column]}))
    with pytest.raises(DatabaseError, match=NEVER):
        run(m.ReviewPlan.__table__.delete())
    assert stored(m.ReviewPlan) == before


def test_words_window_and_closing_remain_possible(convener: people.Unit) -> None:
    published(convener)
    later = stored(m.ReviewPlan)[0].closes_on.replace(year=2099)
    run(m.ReviewPlan.__table__.update().values(contact="周老师", content="<p>更正</p>", closes_on=later, state="closed"))
    assert stored(m.ReviewPlan)[0].state == "closed"


def test_a_draft_is_deleted_with_all_its_parts(convener: people.Unit) -> None:
    drafted(convener)
    run(m.ReviewPlan.__table__.delete())
    for model in CHANGES:
        if model is not m.Attachment:  # the service takes the files away
            assert stored(model) == []


def test_a_revision_is_open_until_it_is_published(convener: people.Unit) -> None:
    plan, actor = published(convener), rows.actor_of(convener)
    plan_edition.revise(plan_id=plan, reason="更正附件项", actor=actor)
    slot, check = m.AttachmentSlot.__table__, m.PlanCheck.__table__
    run(slot.update().where(slot.c.edition == 2).values(is_required=False), check.delete().where(check.c.edition == 2))
    with pytest.raises(DatabaseError, match=NEVER):  # nor is a row moved out of what is in force
        run(slot.update().where(slot.c.edition == 1).values(edition=2, code="moved"))
    with pytest.raises(DatabaseError, match=NEVER):  # nor into it
        run(slot.update().where(slot.c.edition == 2).values(edition=1, code="moved"))
    plan_edition.publish_revision(plan_id=plan, actor=actor)
    for edition in (1, 2):  # what was superseded stays too: applications go on by it
        with pytest.raises(DatabaseError, match=NEVER):
            run(slot.update().where(slot.c.edition == edition).values(name="改名"))
    with pytest.raises(DatabaseError, match=NEVER):
        run(m.ReviewPlan.__table__.update().values(edition=1))


def test_files_of_others_are_not_touched_by_the_guard(convener: people.Unit) -> None:
    plan = published(convener)
    made = make.attachment(make.stored_file(organization_id=convener.id), "plan", plan)
    attachment = m.Attachment.__table__
    run(attachment.update().where(attachment.c.id == made).values(name="改名.pdf"), attachment.delete().where(attachment.c.id == made))
