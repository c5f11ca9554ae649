"""业绩项: what the unit's decision does, what is taken back, and what an application's use forbids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.errors import NotAllowed, NotFound, WrongState
from app.queries import achievement_review
from app.services import achievement, review
from app.transaction import current_session
from models.achievement import Achievement
from models.case import Case, Task
from models.file import Attachment
from tests.integration.achievement_world import (
    ADMIN,
    COMPANY,
    GOOD,
    LI_MING,
    STRANGER,
    WANG_FANG,
    approved,
    as_,
    events_of,
    left_as_found,
    open_task,
    recorded,
    row_of,
    second_administrator,
    submitted,
    upload,
    used_in,
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


def test_approval_and_return_reach_the_item_with_the_opinion() -> None:
    first, second = submitted(), 0
    as_(ADMIN, review.approve, task_id=open_task().id)
    assert row_of(first).state == "approved"
    assert row_of(first).decided_at is not None
    second = submitted()
    as_(ADMIN, review.return_, task_id=open_task().id, opinion="聘书缺页；日期不符")
    assert row_of(second).state == "returned"
    assert achievement_review.return_opinions(current_session(), [first, second]) == {second: "聘书缺页；日期不符"}
    assert events_of(second)[-1] == "achievement:decided"


def test_a_returned_item_is_changed_and_submitted_again_as_a_new_run() -> None:
    number = submitted()
    as_(ADMIN, review.return_, task_id=open_task().id, opinion="补充")
    version = row_of(number).version
    version = as_(LI_MING, achievement.save, achievement_id=number, version=version, values={**GOOD, "unit_name": "甲"})
    as_(LI_MING, achievement.submit, achievement_id=number, version=version)
    assert open_task().title.startswith("李明-业绩库-工作经历(甲")
    assert [task["state"] for task in achievement_review.flow(current_session(), number)] == ["returned", "open"]
    assert achievement_review.flow(current_session(), number, organization_id=COMPANY) == []


def test_a_submission_nobody_touched_is_taken_back() -> None:
    number = submitted()
    as_(LI_MING, achievement.withdraw, achievement_id=number)
    assert row_of(number).state == "draft"
    assert current_session().scalar(select(Case.__table__.c.state)) == "withdrawn"
    assert events_of(number)[-1] == "achievement:withdrawn"


def test_a_claimed_submission_is_not_taken_back() -> None:
    second_administrator()
    number = submitted()
    as_(ADMIN, review.claim, task_id=open_task().id)
    with pytest.raises(WrongState, match="已开始办理"):
        as_(LI_MING, achievement.withdraw, achievement_id=number)
    assert row_of(number).state == "reviewing"


def test_an_approved_item_is_taken_back_to_change_it() -> None:
    number = approved()
    as_(LI_MING, achievement.withdraw, achievement_id=number)
    assert row_of(number).state == "draft"
    with pytest.raises(WrongState, match="不需要撤回"):
        as_(LI_MING, achievement.withdraw, achievement_id=number)
    as_(LI_MING, achievement.submit, achievement_id=number, version=row_of(number).version)
    assert row_of(number).state == "reviewing"


def test_an_item_used_in_an_application_is_taken_back_by_nobody_and_the_plan_is_named() -> None:
    number = approved()
    task_id = current_session().scalar(select(Task.__table__.c.id))
    used_in(number)
    with pytest.raises(WrongState, match=r"2026年—教师高级评委会.*移除"):
        as_(LI_MING, achievement.withdraw, achievement_id=number)
    with pytest.raises(WrongState, match=r"2026年—教师高级评委会.*移除"):
        as_(ADMIN, review.withdraw, task_id=task_id)
    assert row_of(number).state == "approved"


def test_the_unit_takes_its_approval_back_and_decides_again() -> None:
    number = approved()
    as_(ADMIN, review.withdraw, task_id=current_session().scalar(select(Task.__table__.c.id)))
    assert row_of(number).state == "reviewing"
    assert events_of(number)[-1] == "achievement:reopened"
    as_(ADMIN, review.return_, task_id=open_task().id, opinion="重新核对")
    assert row_of(number).state == "returned"


def test_the_unit_cannot_reopen_what_the_person_took_back() -> None:
    number = approved()
    task_id = current_session().scalar(select(Task.__table__.c.id))
    as_(LI_MING, achievement.withdraw, achievement_id=number)
    with pytest.raises(WrongState, match="申报人已撤回"):
        as_(ADMIN, review.withdraw, task_id=task_id)
    assert row_of(number).state == "draft"


@pytest.mark.parametrize("decide", [review.approve, review.return_])
def test_nobody_but_the_unit_decides(decide: Callable[..., Any]) -> None:
    submitted()
    for actor in (STRANGER, LI_MING, WANG_FANG):
        with pytest.raises((NotFound, NotAllowed)):
            as_(actor, decide, task_id=open_task().id, opinion="同意")


def test_deleting_takes_the_evidence_along() -> None:
    number = recorded()
    upload(number)
    as_(LI_MING, achievement.delete, achievement_id=number)
    assert current_session().scalar(select(Achievement.__table__.c.id)) is None
    assert current_session().scalar(select(Attachment.__table__.c.id)) is None
    assert events_of(number)[-1] == "achievement:deleted"


def test_a_batch_reports_each_item_and_one_refusal_stops_no_other() -> None:
    numbers = [submitted() for _ in range(3)]
    current_session().rollback()
    tasks = list(current_session().scalars(select(Task.__table__.c.id).order_by(Task.__table__.c.id)))
    as_(LI_MING, achievement.withdraw, achievement_id=numbers[1])
    results = as_(ADMIN, review.decide_batch, task_ids=tasks, action="approve", opinion="同意")
    assert [result.ok for result in results] == [True, False, True]
    assert "已撤回" in results[1].message
    assert [row_of(number).state for number in numbers] == ["approved", "draft", "approved"]
