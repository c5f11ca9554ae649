"""A school, a company and their people, for the tests of achievements; and the verbs those tests use."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from pypdf import PdfWriter
from sqlalchemy import Table, insert, select

from app.actor import Actor
from app.extensions import db
from app.scope import scope_of, scoped
from app.services import achievement, review, search
from app.services import file as files
from app.transaction import current_session, transaction
from models import encrypted
from models.account import Account
from models.achievement import Achievement, AchievementCategory, AchievementKind, AchievementKindVersion
from models.audit import AuditEvent
from models.base import utcnow
from models.case import Task
from models.dictionary import CodeItem, CodeTable
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


@contextmanager
def world(folder: Path) -> Iterator[Flask]:
    """An application over a database of its own with these people in it."""
    encrypted.configure("test:a key for tests")
    with own_database() as url:
        app = make_app(url, STORAGE_URL=f"file://{folder}")
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


@contextmanager
def left_as_found(app: Flask) -> Iterator[None]:
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
