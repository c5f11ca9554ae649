"""Hefei's units, the demo's accounts and persons, the dictionaries: for pages of people and their units."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import event, select, update

from app.actor import Actor
from app.demo.world import build_small_world
from app.extensions import db
from app.refdata.loading import load
from app.rules import deadlines
from app.rules.identity import birth_date_of
from app.scope import system_scope
from app.services import employment, registration
from app.services.registration import Profile
from app.transaction import current_session, transaction
from models.account import Account
from models.case import Task
from models.organization import Organization
from models.person import Employment, Person
from tests.factories.teacher_world import actor

__all__ = ["actor", "build", "count_statements", "employments", "open_tasks", "person", "profile", "registered", "unit"]


def build() -> None:
    """Reference data, units, accounts, persons."""
    with system_scope():
        load()
        with transaction() as session:
            build_small_world(session, deadlines.today())


def unit(name: str) -> int:
    """The id of an organization."""
    table = Organization.__table__
    return int(current_session().execute(select(table.c.id).where(table.c.name == name)).scalar_one())


def person(username: str) -> Any:
    """The person's row as it is now."""
    current_session().rollback()
    table, account = Person.__table__, Account.__table__
    return current_session().execute(
        select(table).join(account, account.c.id == table.c.user_id).where(account.c.username == username)
    ).one()


def profile(username: str, **changes: Any) -> Profile:
    """A complete 个人注册 of a person."""
    with system_scope():
        row = current_session().get_one(Person, person(username).id)
        number = row.id_number
        current_session().rollback()
    values: dict[str, Any] = {
        "sex": "女" if int(number[16]) % 2 == 0 else "男", "birth_date": birth_date_of(number),
        "political_status_code": "13", "ethnic_code": "01", "email": "chen@mail.example.com", "address": "合肥市庐阳区",
        "work_start": dt.date(2020, 7, 1), "education_code": "21",
    }
    return Profile(**values | changes)


def registered(username: str = "newcomer") -> Actor:
    """The newcomer with 个人注册 done, without a unit."""
    who = actor(username)
    with system_scope():
        registration.complete(profile=profile(username), actor=who)
    return who


def asked(unit_name: str, username: str = "newcomer") -> int:
    """A pending request of a person to a unit."""
    who = actor(username)
    with system_scope():
        return employment.request(organization_id=unit(unit_name), note="", is_freelancer=False, actor=who)


def employments(person_id: int) -> list[tuple[str, str]]:
    """(kind, state) of a person's employments in order."""
    current_session().rollback()
    table = Employment.__table__
    return [(row.kind, row.state) for row in current_session().execute(
        select(table.c.kind, table.c.state).where(table.c.person_id == person_id).order_by(table.c.id)
    )]


def open_tasks(organization_id: int, subject_type: str = "employment") -> list[int]:
    """Ids of the open tasks of an organization."""
    current_session().rollback()
    table = Task.__table__
    return list(current_session().execute(select(table.c.id).where(
        table.c.organization_id == organization_id, table.c.subject_type == subject_type, table.c.state == "open",
    ).order_by(table.c.id)).scalars())


def disable(username: str) -> None:
    """Take an account out of service, so that its unit has one administrator less."""
    table = Account.__table__
    with db.engine.begin() as connection:
        connection.execute(update(table).where(table.c.username == username).values(active=False))


def count_statements(action: Any) -> int:
    """How many SQL statements an action costs."""
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)
