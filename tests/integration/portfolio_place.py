"""A unit, a person it has confirmed and one kind of achievement, for the tests of the pages."""

from __future__ import annotations

import io
from typing import Any

from pypdf import PdfWriter
from sqlalchemy import select

from app.actor import Actor
from app.extensions import db
from app.scope import system_scope
from app.services import achievement
from models.achievement import Achievement, AchievementCategory, AchievementKind, AchievementKindVersion
from models.base import utcnow
from models.case import Task
from models.person import Employment
from tests.factories import person as people
from tests.factories.rows import save

FIELDS = [
    {"key": "unit_name", "label": "工作单位", "type": "text", "required": True, "max_len": 100},
    {"key": "start_date", "label": "开始日期", "type": "date", "required": True},
    {"key": "end_date", "label": "结束日期", "type": "date", "gte": "start_date"},
    {"key": "to_present", "label": "至今", "type": "bool", "excludes": "end_date"},
    {"key": "description", "label": "主要工作内容", "type": "textarea", "max_len": 500},
    {"key": "link", "label": "网址", "type": "url"},
    {"key": "attachments", "label": "聘书", "type": "files", "accept": ["pdf"], "max_count": 2},
]
FILLED = {"f_unit_name": "合肥八中", "f_start_date": "2015-03-04", "f_to_present": "y"}


class Place:
    """A unit with an administrator, and a person it has confirmed."""

    def __init__(self) -> None:
        self.unit = people.unit("unit", name="合肥市第八中学")
        self.person_id = people.person("applicant", organization_id=self.unit.id, name="李明")
        save(Employment(person_id=self.person_id, organization_id=self.unit.id, kind="registration", state="approved"))
        category = save(AchievementCategory(code="basic", name="基本信息"))
        self.kind_id = save(AchievementKind(code="work_experience", name="工作经历", category_id=category))
        self.version_id = save(AchievementKindVersion(
            kind_id=self.kind_id, number=1, fields=FIELDS, list_columns=["unit_name", "date_range"]
        ))

    def actor(self, username: str = "applicant") -> Actor:
        if username == "applicant":
            return Actor(user_id(username), "李明", person_id=self.person_id, roles=frozenset({"Applicant"}))
        return Actor(user_id(username), "管理员", organization_id=self.unit.id, roles=frozenset({"Employer"}))

    def item(self, state: str = "draft", summary: str = "合肥八中", person_id: int | None = None) -> int:
        """A row without a case; for lists."""
        return save(Achievement(
            person_id=person_id or self.person_id, organization_id=None if state == "draft" else self.unit.id,
            kind_id=self.kind_id, kind_version_id=self.version_id, summary=summary, state=state,
            data={"unit_name": summary, "start_date": "2015-03-04", "to_present": True},
            submitted_at=None if state == "draft" else utcnow(),
        ))

    def submitted(self) -> int:
        actor = self.actor()
        with system_scope():
            number = achievement.create(
                kind_code="work_experience", values={"unit_name": "合肥八中", "start_date": "2015-03-04"}, actor=actor
            )
            achievement.submit(achievement_id=number, version=1, actor=actor)
        return number

    def task(self, achievement_id: int) -> int:
        db.session.rollback()
        table = Task.__table__
        return int(db.session.execute(
            select(table.c.id).where(table.c.subject_id == achievement_id, table.c.state == "open")
        ).scalar_one())


def user_id(username: str) -> int:
    from models.account import Account

    table = Account.__table__
    return int(db.session.execute(select(table.c.id).where(table.c.username == username)).scalar_one())


def row(achievement_id: int) -> Any:
    db.session.rollback()
    table = Achievement.__table__
    return db.session.execute(select(table).where(table.c.id == achievement_id)).one()


def only() -> Any:
    db.session.rollback()
    return db.session.execute(select(Achievement.__table__)).one()


def pdf(name: str = "聘书.pdf") -> tuple[io.BytesIO, str]:
    stream, document = io.BytesIO(), PdfWriter()
    document.add_blank_page(100, 100)
    document.write(stream)
    stream.seek(0)
    return stream, name


def body(answer: Any) -> str:
    return answer.get_data(as_text=True)
