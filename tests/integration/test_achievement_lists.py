"""业绩项: the lists of the person and of the unit, and the next one to review."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, update

from app.errors import DomainError
from app.extensions import db
from app.queries import achievement_kind, achievement_review, portfolio
from app.services import achievement
from app.transaction import current_session, transaction
from models.achievement import Achievement
from models.base import utcnow
from models.case import Task
from tests.integration.achievement_world import (
    COMPANY,
    LI,
    LI_MING,
    SCHOOL,
    UNIT,
    WANG,
    administrator,
    as_,
    left_as_found,
    recorded,
    submitted,
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


def test_the_unit_sees_submitted_items_only_and_other_units_none() -> None:
    draft, sent = recorded(), submitted()
    session = current_session()
    page = portfolio.unit_page(session, organization_id=SCHOOL, kind_id=1, tab="all")
    assert [row["id"] for row in page.rows] == [sent]
    assert portfolio.unit_detail(session, SCHOOL, draft) is None
    assert portfolio.unit_detail(session, COMPANY, sent) is None
    detail = portfolio.unit_detail(session, SCHOOL, sent)
    assert detail is not None
    assert detail.row["person_name"] == "李明"
    assert portfolio.own_detail(session, WANG, sent) is None


def test_the_unit_finds_by_name_and_content() -> None:
    sent = submitted()
    for text, found in (("李明", [sent]), ("八中", [sent]), ("王", []), ("%", []), ("_", [])):
        page = portfolio.unit_page(current_session(), organization_id=SCHOOL, kind_id=1, tab="all", text=text)
        assert [row["id"] for row in page.rows] == found, text


def test_paging_by_key_shows_every_item_once_in_both_directions() -> None:
    with transaction() as session:
        session.execute(insert(Achievement.__table__), [
            {"person_id": LI, "kind_id": 1, "kind_version_id": 1, "data": {}, "summary": str(n), "state": "draft"}
            for n in range(45)
        ])
    session, seen = current_session(), []
    page = portfolio.person_page(session, person_id=LI, kind_id=1)
    assert page.newer is None
    while True:
        seen += [row["id"] for row in page.rows]
        if page.older is None:
            break
        page = portfolio.person_page(session, person_id=LI, kind_id=1, before=page.older)
    assert len(seen) == len(set(seen)) == 45
    assert page.newer is not None
    back = portfolio.person_page(session, person_id=LI, kind_id=1, after=page.newer)
    assert [row["id"] for row in back.rows] == seen[20:40]


def test_the_next_item_to_review_is_one_the_administrator_may_decide() -> None:
    numbers = [submitted() for _ in range(3)]
    ask = {"organization_id": SCHOOL, "kind_id": 1, "user_id": UNIT}
    session = current_session()
    assert achievement_review.next_to_review(session, **ask, shared=False, after=numbers[2]) == numbers[1]
    assert achievement_review.next_to_review(session, **ask, shared=False, after=numbers[0]) == numbers[2]
    assert achievement_review.next_to_review(session, **ask, shared=True, after=numbers[0]) is None
    with transaction() as session:
        session.execute(update(Task.__table__).where(Task.__table__.c.subject_id == numbers[0]).values(
            claimed_by=UNIT, claimed_at=utcnow()))
    assert achievement_review.next_to_review(session, **ask, shared=True, after=numbers[2]) == numbers[0]
    assert achievement_review.open_tasks(session, SCHOOL, numbers)[numbers[0]].claimer == "管某"


def test_no_list_asks_more_with_more_rows() -> None:
    def statements() -> int:
        seen: list[str] = []
        listen = lambda *arguments: seen.append(arguments[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            session = current_session()
            page = portfolio.unit_page(session, organization_id=SCHOOL, kind_id=1, tab="all")
            numbers = [row["id"] for row in page.rows]
            achievement_review.open_tasks(session, SCHOOL, numbers)
            achievement_review.return_opinions(session, numbers)
            portfolio.unit_counts(session, SCHOOL)
            achievement_kind.kinds(session)
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    submitted()
    few = statements()
    for _ in range(4):
        submitted()
    current_session().rollback()
    assert statements() == few


def test_every_refusal_is_a_chinese_sentence() -> None:
    number = submitted()
    attempts: list[Callable[[], Any]] = [
        lambda: as_(LI_MING, achievement.delete, achievement_id=number),
        lambda: as_(LI_MING, achievement.create, kind_code="nothing", values={}),
        lambda: as_(administrator(UNIT), achievement.create, kind_code="work_experience", values={}),
    ]
    for attempt in attempts:
        with pytest.raises(DomainError) as refusal:
            attempt()
        assert refusal.value.message.endswith("。")
