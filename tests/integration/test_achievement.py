"""业绩项: recording, changing and submitting one, and who may."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.actor import Actor
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.services import achievement, review
from app.services import file as files
from app.transaction import current_session
from models.achievement import Achievement
from tests.integration.achievement_world import (
    ADMIN,
    GOOD,
    LI,
    LI_MING,
    SCHOOL,
    STRANGER,
    WANG,
    WANG_FANG,
    as_,
    events_of,
    left_as_found,
    open_task,
    recorded,
    row_of,
    submitted,
    upload,
    world,
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with world(tmp_path_factory.mktemp("files")) as made:
        yield made


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with left_as_found(app):
        yield


def test_a_draft_needs_nothing_and_keeps_what_was_filled_in() -> None:
    number = as_(LI_MING, achievement.create, kind_code="work_experience", values={"unit_name": " 合肥八中\x00 "})
    row = row_of(number)
    assert row.state == "draft"
    assert row.data == {"unit_name": "合肥八中", "to_present": False}
    assert row.summary == "合肥八中"
    assert row.organization_id is None
    assert events_of(number) == ["achievement:created"]


def test_nonsense_is_refused_beside_its_field_and_nothing_is_stored() -> None:
    with pytest.raises(Invalid) as refusal:
        recorded(start_date="2020-02-30", degree="99")
    assert set(refusal.value.fields) == {"start_date", "degree"}
    assert current_session().scalar(select(Achievement.__table__.c.id)) is None


def test_values_outside_the_form_are_ignored() -> None:
    number = recorded(state="approved", person_id=WANG)
    assert row_of(number).state == "draft"
    assert "state" not in row_of(number).data


def test_a_disabled_kind_or_entry_cannot_be_chosen() -> None:
    with pytest.raises(NotFound, match="停用"):
        as_(LI_MING, achievement.create, kind_code="old", values=GOOD)
    with pytest.raises(Invalid):
        recorded(degree="9")


def test_a_second_tab_is_told_and_may_save_again_knowingly() -> None:
    number = recorded()
    assert as_(LI_MING, achievement.save, achievement_id=number, version=1, values={**GOOD, "unit_name": "甲"}) == 2
    with pytest.raises(Conflict, match="另一个页面") as refusal:
        as_(LI_MING, achievement.save, achievement_id=number, version=1, values={**GOOD, "unit_name": "乙"})
    assert row_of(number).data["unit_name"] == "甲"
    again = refusal.value.details["version"]
    as_(LI_MING, achievement.save, achievement_id=number, version=again, values={**GOOD, "unit_name": "乙"})
    assert row_of(number).data["unit_name"] == "乙"


def test_saving_without_a_change_writes_nothing() -> None:
    number = recorded()
    assert as_(LI_MING, achievement.save, achievement_id=number, version=1, values=GOOD) == 1
    assert events_of(number) == ["achievement:created"]


def test_submitting_wants_all_required_fields_and_evidence_at_once() -> None:
    number = as_(LI_MING, achievement.create, kind_code="work_experience", values={"unit_name": "合肥八中"})
    with pytest.raises(Invalid) as refusal:
        as_(LI_MING, achievement.submit, achievement_id=number, version=1)
    assert set(refusal.value.fields) == {"start_date", "attachments"}
    assert refusal.value.fields["attachments"] == "请上传“聘书”。"
    assert row_of(number).state == "draft"


def test_without_an_approved_unit_items_are_recorded_but_not_submitted() -> None:
    number = as_(WANG_FANG, achievement.create, kind_code="work_experience", values=GOOD)
    upload(number, WANG_FANG)
    with pytest.raises(WrongState, match="还没有通过所在单位确认"):
        as_(WANG_FANG, achievement.submit, achievement_id=number, version=1)
    assert row_of(number).state == "draft"


def test_submission_puts_a_task_into_the_units_inbox_with_the_items_name() -> None:
    number = submitted()
    row, task = row_of(number), open_task()
    assert (row.state, row.organization_id) == ("reviewing", SCHOOL)
    assert row.submitted_at is not None
    assert task.title == "李明-业绩库-工作经历(合肥八中 · 2015-03-04 至今)"
    assert (task.organization_id, task.subject_type, task.subject_id, task.person_id) == (SCHOOL, "achievement", number, LI)
    assert events_of(number) == ["achievement:created", "achievement:submitted"]


@pytest.mark.parametrize("verb", ["save", "submit", "delete"])
def test_what_is_under_review_or_approved_cannot_be_changed(verb: str) -> None:
    arguments: dict[str, Any] = {
        "save": {"version": 2, "values": GOOD}, "submit": {"version": 2}, "delete": {},
    }[verb]
    number = submitted()
    with pytest.raises(WrongState, match="审核中"):
        as_(LI_MING, getattr(achievement, verb), achievement_id=number, **arguments)
    as_(ADMIN, review.approve, task_id=open_task().id)
    with pytest.raises(WrongState, match="通过"):
        as_(LI_MING, getattr(achievement, verb), achievement_id=number, **arguments)


@pytest.mark.parametrize("verb", ["save", "submit", "withdraw", "delete"])
@pytest.mark.parametrize("actor", [WANG_FANG, ADMIN, STRANGER], ids=["another person", "own unit", "foreign unit"])
def test_another_ones_item_does_not_exist(verb: str, actor: Actor) -> None:
    number = recorded()
    arguments: dict[str, Any] = {"save": {"version": 1, "values": GOOD}, "submit": {"version": 1}}.get(verb, {})
    with pytest.raises(NotFound, match="可能已被删除"):
        as_(actor, getattr(achievement, verb), achievement_id=number, **arguments)
    assert row_of(number).version == 1


def test_evidence_may_be_added_to_own_changeable_items_only() -> None:
    number = recorded()
    with pytest.raises(NotFound):
        upload(number, WANG_FANG)
    with pytest.raises(NotFound):
        as_(LI_MING, files.upload_to, stream=io.BytesIO(b"%PDF-1.4"), filename="a.pdf", subject_type="achievement",
            subject_id=number, slot="elsewhere")
    upload(number)
    as_(LI_MING, achievement.submit, achievement_id=number, version=1)
    with pytest.raises(WrongState, match="审核中"):
        upload(number)
