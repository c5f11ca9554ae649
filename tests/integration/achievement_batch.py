"""A unit with submitted achievements, and a process that approves them all, for killing it in the middle.

`python -m tests.integration.achievement_batch URL` approves every open task of the unit in one batch.
"""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

import app.services.achievement  # noqa: F401  its effects must be registered
from app.actor import Actor
from app.scope import system_scope
from app.services import achievement, review
from app.transaction import current_session, transaction
from models.account import Account
from models.achievement import AchievementCategory, AchievementKind, AchievementKindVersion
from models.case import Task
from models.organization import Organization
from models.person import Employment, Person
from models.region import Region
from tests.integration.jobs_process import make_app

PERSON = Actor(user_id=1, name="李明", person_id=1, roles=frozenset({"Applicant"}))
UNIT = Actor(user_id=2, name="管理员", organization_id=1, roles=frozenset({"Employer"}))
FIELDS = [{"key": "name", "label": "名称", "type": "text", "required": True, "max_len": 50}]


def prepare(items: int) -> None:
    """One unit, one person, and that many submitted items."""
    with transaction() as session:
        for model, values in (
            (Region, {"code": "340100", "name": "合肥市", "level": "city", "path": "340100"}),
            (Organization, {"id": 1, "name": "合肥市第八中学", "nature_code": "20", "region_code": "340100"}),
            (Account, _account(1, None)), (Account, _account(2, 1)),
            (Person, {"id": 1, "user_id": 1, "name": "李明", "id_number": "340100199001010001", "id_number_index": "x",
                      "mobile": "13800000000", "organization_id": 1}),
            (Employment, {"person_id": 1, "organization_id": 1, "kind": "registration", "state": "approved"}),
            (AchievementCategory, {"id": 1, "code": "basic", "name": "基本信息"}),
            (AchievementKind, {"id": 1, "code": "course", "name": "课程", "category_id": 1}),
            (AchievementKindVersion, {"kind_id": 1, "number": 1, "fields": FIELDS, "list_columns": ["name"]}),
        ):
            session.execute(insert(model.__table__).values(**values))
    with system_scope():
        for number in range(items):
            item = achievement.create(kind_code="course", values={"name": f"课程{number}"}, actor=PERSON)
            achievement.submit(achievement_id=item, version=1, actor=PERSON)


def _account(number: int, organization_id: int | None) -> dict[str, Any]:
    return {"id": number, "username": f"u{number}", "first_name": "某", "last_name": "管", "active": True,
            "email": f"{number}@example.invalid", "password": "x", "organization_id": organization_id}


def open_tasks() -> list[int]:
    """The tasks that wait."""
    session = current_session()
    found = list(session.scalars(select(Task.__table__.c.id).where(Task.__table__.c.state == "open").order_by(Task.__table__.c.id)))
    session.rollback()
    return found


def approve_all(application: Flask) -> None:
    """One batch over everything that waits."""
    with application.app_context(), system_scope():
        review.decide_batch(task_ids=open_tasks(), action="approve", actor=UNIT, opinion="同意")


if __name__ == "__main__":
    approve_all(make_app(sys.argv[1]))
