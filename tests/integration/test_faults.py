"""Every action is all or nothing: whichever of its statements fails, and the commit too, nothing of it stays, and it works when tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

import models as m
from app.extensions import db
from app.scope import scope_of, scoped, system_scope
from app.services import achievement as achievements
from app.services import application, application_form, held_title, review, submission
from app.transaction import current_session
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.templates import plan_template

MOST = 400  # statements of one action; more than that is a loop


class Broken(Exception):
    """What the driver says when the connection is lost."""


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def picture(app: Flask) -> Callable[[], Any]:
    """What has been committed, as a value that changes with every change.

    SQLite tells by itself whether another connection committed anything; on PostgreSQL the rows of the tables that
    actions write are digested.
    """
    if db.engine.dialect.name == "sqlite":
        watcher = db.engine.connect()
        return lambda: watcher.exec_driver_sql("PRAGMA data_version").scalar_one()
    written = [
        t.__table__ for t in (m.Application, m.ApplicationItem, m.Submission, m.Case, m.Task, m.TaskCounter, m.AuditEvent, m.Job,
                              m.Achievement, m.HeldTitle, m.Notification)
    ]

    def rows() -> str:
        with db.engine.connect() as connection:
            found = [connection.execute(sa.select(table).order_by(table.c.id)).all() for table in written]
        return hashlib.sha256(repr(found).encode()).hexdigest()

    return rows


@contextmanager
def fault(number: int) -> Iterator[list[str]]:
    """The statement of that number, or the commit when there are fewer, fails; yields the statements that were sent."""
    sent: list[str] = []

    def before(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)
        if len(sent) == number:
            raise OperationalError(statement, {}, Broken("lost"))

    def at_commit(_conn: Any) -> None:
        sent.append("COMMIT")
        if len(sent) == number:
            raise OperationalError("COMMIT", {}, Broken("lost"))

    sa.event.listen(db.engine, "before_cursor_execute", before)
    sa.event.listen(db.engine, "commit", at_commit)
    try:
        yield sent
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", before)
        sa.event.remove(db.engine, "commit", at_commit)


def all_or_nothing(action: Callable[[], Any], picture: Callable[[], Any]) -> int:
    """Try with every statement failing in turn, until none is left to fail; the number of statements."""
    before = picture()
    for number in range(1, MOST):
        failed = False
        with fault(number) as sent:
            try:
                action()
            except OperationalError:
                failed = True
        if not failed:
            assert len(sent) < number, f"the failure of statement {number} was swallowed: {sent[number - 1][:200]}"
            assert picture() != before
            return number - 1
        current_session().rollback()
        assert picture() == before, f"a half was kept when statement {number} failed: {sent[-1][:200]}"
    return pytest.fail("too many statements")


def open_task() -> Any:
    current_session().rollback()
    task = m.Task.__table__
    return current_session().execute(sa.select(task).where(task.c.state == "open")).one()


def test_the_way_of_an_application(picture: Callable[[], Any]) -> None:
    """From filling to a decision of the second stop, each action with each of its statements failing."""
    li, unit, department = make.actor("applicant"), make.actor("unit"), make.actor("department")
    application_id = make.complete(li)
    with scoped(scope_of(li)):
        [held] = make.material(application_id).held_titles
        tried = {
            "save": all_or_nothing(
                lambda: application_form.save_basic(application_id=application_id, actor=li, raw={**make.BASIC, "birth_place": "芜湖"}),
                picture),
            "held title": all_or_nothing(
                lambda: held_title.remove(application_id=application_id, held_title_id=held.id, actor=li), picture),
        }
        make.hold(application_id, li)
        assert submission.check(application_id=application_id, actor=li).is_clean
        tried["submit"] = all_or_nothing(lambda: submission.submit(application_id=application_id, actor=li), picture)
        tried["take back"] = all_or_nothing(lambda: application.withdraw(application_id=application_id, actor=li), picture)
        assert submission.check(application_id=application_id, actor=li).is_clean
        submission.submit(application_id=application_id, actor=li)
    task = open_task()
    with system_scope():
        tried["claim"] = all_or_nothing(lambda: review.claim(task_id=task.id, actor=unit), picture)
        tried["put back"] = all_or_nothing(lambda: review.release(task_id=task.id, actor=unit), picture)
        review.claim(task_id=task.id, actor=unit)
        recommend_application(application_id, unit)
        tried["approve"] = all_or_nothing(lambda: review.approve(task_id=task.id, actor=unit, opinion="同意"), picture)
        tried["take the decision back"] = all_or_nothing(lambda: review.withdraw(task_id=task.id, actor=unit), picture)
        review.approve(task_id=open_task().id, actor=unit, opinion="同意")
        tried["return"] = all_or_nothing(
            lambda: review.return_(task_id=open_task().id, actor=department, opinion="请补充"), picture)
    assert min(tried.values()) > 3, tried  # each wrote something, an audit row and the commit


def test_the_way_of_an_achievement(picture: Callable[[], Any]) -> None:
    li = make.actor("applicant")
    with scoped(scope_of(li)):
        [done, *_more] = make.approved(li, "work_experience")
        tried = {"copy": all_or_nothing(lambda: achievements.copy(achievement_id=done, actor=li), picture)}
        tried["take back"] = all_or_nothing(lambda: achievements.withdraw(achievement_id=done, actor=li), picture)
        tried["submit"] = all_or_nothing(lambda: achievements.submit(achievement_id=done, version=None, actor=li), picture)
        tried["delete"] = all_or_nothing(lambda: achievements.delete(achievement_id=newest(li.person_id), actor=li), picture)
    assert min(tried.values()) > 3, tried


def newest(person_id: int | None) -> int:
    current_session().rollback()
    table = m.Achievement.__table__
    return int(current_session().execute(sa.select(sa.func.max(table.c.id)).where(table.c.person_id == person_id)).scalar_one())
