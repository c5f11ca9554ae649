"""业绩项: who may do what in which state, what the unit's decision does, and what an application's use forbids."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfWriter
from sqlalchemy import Table, event, insert, select, update

from app.actor import Actor
from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, WrongState
from app.extensions import db
from app.queries import portfolio
from app.scope import scope_of, scoped
from app.services import achievement, review, search
from app.services import file as files
from app.transaction import current_session, transaction
from models import encrypted
from models.account import Account
from models.achievement import Achievement, AchievementCategory, AchievementKind, AchievementKindVersion
from models.audit import AuditEvent
from models.base import utcnow
from models.case import Case, Task
from models.dictionary import CodeItem, CodeTable
from models.file import Attachment
from models.organization import Organization
from models.person import Employment, Person
from models.region import Region
from tests.integration.jobs_process import create_tables, make_app
from tests.integration.own_database import own_database

LI, WANG, UNIT, UNIT2, OTHER = 1, 2, 11, 12, 13
SCHOOL, COMPANY = 1, 2
FIELDS = [
    {"key": "unit_name", "label": "工作单位", "type": "text", "required": True, "max_len": 100},
    {"key": "start_date", "label": "开始日期", "type": "date", "required": True},
    {"key": "end_date", "label": "结束日期", "type": "date", "gte": "start_date"},
    {"key": "to_present", "label": "至今", "type": "bool", "excludes": "end_date"},
    {"key": "degree", "label": "学位", "type": "code", "code_table": "degree"},
    {"key": "attachments", "label": "聘书", "type": "files", "required": True, "accept": ["pdf"], "max_count": 2},
]
GOOD = {"unit_name": "合肥八中", "start_date": "2015-03-04", "to_present": "y", "degree": "4"}


def person(number: int) -> Actor:
    return Actor(user_id=number, name="李明", person_id=number, roles=frozenset({"Applicant"}))


def administrator(user: int, organization: int = SCHOOL) -> Actor:
    return Actor(user_id=user, name="管理员", organization_id=organization, organization_kinds=frozenset({"employer"}),
                 roles=frozenset({"Employer"}))


LI_MING, WANG_FANG, ADMIN, ADMIN2 = person(LI), person(WANG), administrator(UNIT), administrator(UNIT2)
STRANGER = administrator(OTHER, COMPANY)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    encrypted.configure("test:a key for tests")
    with own_database() as url:
        app = make_app(url, STORAGE_URL=f"file://{tmp_path_factory.mktemp('files')}")
        with app.app_context():
            create_tables(db.engine)
            with transaction() as session:
                _world(session)
            list(search.rebuild())
        yield app
        with app.app_context():
            db.engine.dispose()


def _world(session: Any) -> None:
    def rows(model: Any, *values: dict[str, Any]) -> None:
        for value in values:
            session.execute(insert(model.__table__).values(**value))

    rows(Region, {"code": "340100", "name": "合肥市", "level": "city", "path": "340100"})
    rows(Organization, *({"id": number, "name": name, "nature_code": "20", "region_code": "340100"}
                         for number, name in ((SCHOOL, "合肥市第八中学"), (COMPANY, "安徽宏远建设有限公司"))))
    rows(Account, *({"id": number, "username": f"u{number}", "first_name": "某", "last_name": "管", "active": True,
                     "email": f"{number}@example.cn", "password": "x", "organization_id": unit}
                    for number, unit in ((LI, None), (WANG, None), (UNIT, SCHOOL), (OTHER, COMPANY))))
    rows(Person, *({"id": number, "user_id": number, "name": name, "id_number": f"34010019900101{number:04d}",
                    "id_number_index": f"index{number}", "mobile": "13800000000", "organization_id": unit}
                   for number, name, unit in ((LI, "李明", SCHOOL), (WANG, "王芳", None))))
    rows(Employment, {"person_id": LI, "organization_id": SCHOOL, "kind": "registration", "state": "approved"},
         {"person_id": WANG, "organization_id": SCHOOL, "kind": "registration", "state": "pending"})
    rows(AchievementCategory, {"id": 1, "code": "basic", "name": "基本信息"})
    rows(AchievementKind, {"id": 1, "code": "work_experience", "name": "工作经历", "category_id": 1},
         {"id": 2, "code": "old", "name": "停用的", "category_id": 1, "enabled": False})
    rows(AchievementKindVersion,
         *({"id": kind, "kind_id": kind, "number": 1, "fields": FIELDS, "list_columns": ["unit_name", "date_range"]}
           for kind in (1, 2)))
    rows(CodeTable, {"id": 1, "code": "degree", "name": "学位"})
    rows(CodeItem, {"table_id": 1, "code": "4", "name": "学士"},
         {"table_id": 1, "code": "9", "name": "停用", "enabled": False})


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    """Each test leaves the world as it found it."""
    with app.app_context():
        yield
        current_session().rollback()
        with transaction() as session:
            for table in ("application_item", "application", "attachment", "stored_file", "task", "case",
                          "task_counter", "job", "achievement"):
                session.execute(db.metadata.tables[table].delete())
            session.execute(Account.__table__.delete().where(Account.__table__.c.id == UNIT2))


def as_(actor: Actor, function: Callable[..., Any], **arguments: Any) -> Any:
    """Call a service in the actor's row scope, as a request does."""
    with scoped(scope_of(actor)):
        return function(actor=actor, **arguments)


def row_of(achievement_id: int) -> Any:
    current_session().rollback()
    return current_session().execute(
        select(Achievement.__table__).where(Achievement.__table__.c.id == achievement_id)
    ).one()


def open_task() -> Any:
    current_session().rollback()
    return current_session().execute(select(Task.__table__).where(Task.__table__.c.state == "open")).one()


def upload(achievement_id: int, actor: Actor = LI_MING, name: str = "聘书.pdf") -> Any:
    stream = io.BytesIO()
    document = PdfWriter()
    document.add_blank_page(100, 100)
    document.write(stream)
    stream.seek(0)
    return as_(actor, files.upload_to, stream=stream, filename=name, subject_type="achievement",
               subject_id=achievement_id, slot="attachments")


def recorded(**values: object) -> int:
    return as_(LI_MING, achievement.create, kind_code="work_experience", values={**GOOD, **values})


def submitted() -> int:
    number = recorded()
    upload(number)
    as_(LI_MING, achievement.submit, achievement_id=number, version=1)
    return number


def approved() -> int:
    number = submitted()
    as_(ADMIN, review.approve, task_id=open_task().id)
    return number


def events_of(achievement_id: int) -> list[str]:
    table = AuditEvent.__table__
    return list(current_session().scalars(
        select(table.c.event).where(table.c.subject_type == "achievement", table.c.subject_id == achievement_id)
        .order_by(table.c.seq)
    ))


def second_administrator() -> None:
    with transaction() as session:
        session.execute(insert(Account.__table__).values(
            id=UNIT2, username="u12", first_name="二", last_name="管", active=True, email="12@example.cn", password="x",
            organization_id=SCHOOL,
        ))


def used_in(achievement_id: int) -> None:
    """An application that has imported the item."""
    tables = db.metadata.tables
    with transaction() as session:
        fill(session, tables["review_plan"], id=1, name="2026年—教师高级评委会", state="published")
        fill(session, tables["application"], id=1, person_id=LI, employer_id=SCHOOL, plan_id=1, route="regular")
        fill(session, tables["application_item"], application_id=1, achievement_id=achievement_id, page="education")


def fill(session: Any, table: Table, **values: Any) -> Any:
    """Insert a row whose other required columns, and the rows they point at, hold something; its key."""
    for column in table.columns:
        if column.name in values or column.nullable or column.default is not None or column.primary_key:
            continue
        if column.foreign_keys:
            target = next(iter(column.foreign_keys)).column
            present = session.scalar(select(target).limit(1))
            values[column.name] = present if present is not None else fill(session, target.table)
        else:
            values[column.name] = {
                int: 1, str: "x", bool: False, dict: {}, dt.date: dt.date(2026, 1, 1), dt.datetime: utcnow(),
            }.get(column.type.python_type, {})
    return session.execute(insert(table).values(**values).returning(next(iter(table.primary_key)))).scalar_one()


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


def test_approval_and_return_reach_the_item_with_the_opinion() -> None:
    first, second = submitted(), 0
    as_(ADMIN, review.approve, task_id=open_task().id)
    assert row_of(first).state == "approved"
    assert row_of(first).decided_at is not None
    second = submitted()
    as_(ADMIN, review.return_, task_id=open_task().id, opinion="聘书缺页；日期不符")
    assert row_of(second).state == "returned"
    assert portfolio.return_opinions(current_session(), [first, second]) == {second: "聘书缺页；日期不符"}
    assert events_of(second)[-1] == "achievement:decided"


def test_a_returned_item_is_changed_and_submitted_again_as_a_new_run() -> None:
    number = submitted()
    as_(ADMIN, review.return_, task_id=open_task().id, opinion="补充")
    version = row_of(number).version
    version = as_(LI_MING, achievement.save, achievement_id=number, version=version, values={**GOOD, "unit_name": "甲"})
    as_(LI_MING, achievement.submit, achievement_id=number, version=version)
    assert open_task().title.startswith("李明-业绩库-工作经历(甲")
    assert [task["state"] for task in portfolio.flow(current_session(), number)] == ["returned", "open"]
    assert portfolio.flow(current_session(), number, organization_id=COMPANY) == []


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
    assert portfolio.next_to_review(session, **ask, shared=False, after=numbers[2]) == numbers[1]
    assert portfolio.next_to_review(session, **ask, shared=False, after=numbers[0]) == numbers[2]
    assert portfolio.next_to_review(session, **ask, shared=True, after=numbers[0]) is None
    with transaction() as session:
        session.execute(update(Task.__table__).where(Task.__table__.c.subject_id == numbers[0]).values(
            claimed_by=UNIT, claimed_at=utcnow()))
    assert portfolio.next_to_review(session, **ask, shared=True, after=numbers[2]) == numbers[0]
    assert portfolio.open_tasks(session, SCHOOL, numbers)[numbers[0]].claimer == "管某"


def test_no_list_asks_more_with_more_rows() -> None:
    def statements() -> int:
        seen: list[str] = []
        listen = lambda *arguments: seen.append(arguments[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            session = current_session()
            page = portfolio.unit_page(session, organization_id=SCHOOL, kind_id=1, tab="all")
            numbers = [row["id"] for row in page.rows]
            portfolio.open_tasks(session, SCHOOL, numbers)
            portfolio.return_opinions(session, numbers)
            portfolio.unit_counts(session, SCHOOL)
            portfolio.kinds(session)
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
