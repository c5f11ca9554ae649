"""Every action by every role in every state of a task: what is allowed is listed, everything else changes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.errors import DomainError
from app.extensions import db
from app.services import review
from app.services.review import Via
from app.transaction import transaction
from app.workflow import engine
from models.audit import AuditEvent
from models.case import Case, Task, TaskCounter
from models.job import Job
from tests.integration.test_engine import World, actor, open_task, recorded  # noqa: F401

STATES = ("waiting", "claimed", "approved", "returned", "terminated", "recalled", "passed_on")
ROLES = ("holder", "colleague", "foreign", "applicant", "nobody")
ACTIONS = ("claim", "release", "approve", "return_", "terminate", "withdraw", "hand_over", "via", "cancel")
# The holder decided, or will: the first administrator of the organization; the colleague is the second one there.
ALLOWED = {
    ("claim", "holder", "waiting"), ("claim", "colleague", "waiting"), ("claim", "holder", "claimed"),
    ("release", "holder", "claimed"), ("hand_over", "holder", "claimed"), ("via", "holder", "claimed"),
    ("approve", "holder", "claimed"), ("return_", "holder", "claimed"), ("terminate", "holder", "claimed"),
    ("withdraw", "holder", "approved"), ("cancel", "applicant", "waiting"),
}


@pytest.fixture
def world(app):
    return World()


def prepared(world, state):
    """A task of the HR department in a state: approved with the next stop untouched, or passed_on: it has begun there."""
    case_id = world.start(stops=("hr", "school"))
    task_id = open_task(case_id).id
    if state != "waiting":
        review.claim(task_id=task_id, actor=world.hr_admin)
    if state in ("approved", "passed_on"):
        review.approve(task_id=task_id, actor=world.hr_admin)
    if state == "passed_on":
        review.claim(task_id=open_task(case_id).id, actor=world.school_admin)
    if state == "returned":
        review.return_(task_id=task_id, actor=world.hr_admin, opinion="补充")
    if state == "terminated":
        review.terminate(task_id=task_id, actor=world.hr_admin, opinion="虚假")
    if state == "recalled":
        review.release(task_id=task_id, actor=world.hr_admin)
        with transaction() as session:
            engine.cancel(session, case_id=case_id, actor=world.li)
    return case_id, task_id


def attempt(world, action, who, case_id, task_id):
    words = {"opinion": "理由"} if action in ("approve", "return_", "terminate") else {}
    if action == "cancel":
        with transaction() as session:
            return engine.cancel(session, case_id=case_id, actor=who)
    if action == "hand_over":
        return review.hand_over(task_id=task_id, to=world.hr_colleague, actor=who)
    if action == "via":
        return review.approve(task_id=task_id, actor=who, via=Via("extra", world.department.id))
    return getattr(review, action)(task_id=task_id, actor=who, **words)


def picture():
    """Everything the engine writes."""
    db.session.rollback()
    found = [db.session.execute(select(table.__table__).order_by(table.__table__.c.id)).all() for table in (Case, Task, TaskCounter)]
    counts = [db.session.execute(select(func.count()).select_from(table.__table__)).scalar_one() for table in (AuditEvent, Job)]
    db.session.rollback()
    return found, counts


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ACTIONS)
def test_only_what_is_listed_happens(world, action, state):
    from tests.factories.person import unit

    world.department = unit("department", kind="competent_department")
    roles = {
        "holder": world.hr_admin, "colleague": world.hr_second, "foreign": world.school_admin, "applicant": world.li,
        "nobody": actor(world.school.user_id),
    }
    for name in ROLES:
        case_id, task_id = prepared(world, state)
        before = picture()
        allowed = (action, name, state) in ALLOWED
        refusal = ""
        try:
            attempt(world, action, roles[name], case_id, task_id)
        except DomainError as error:
            refusal = error.message
        assert (refusal == "") == allowed, (action, name, state, refusal)
        assert allowed or refusal.endswith("。")  # a sentence that says what to do
        if not allowed:
            assert picture() == before, (action, name, state)
        _end(case_id, world)


def _end(case_id, world):
    """The subject is free for the next role's case."""
    db.session.rollback()
    task, case = Task.__table__, Case.__table__
    with db.engine.begin() as connection:
        connection.execute(task.delete().where(task.c.case_id == case_id))
        connection.execute(case.delete().where(case.c.id == case_id))
        connection.execute(TaskCounter.__table__.delete())
