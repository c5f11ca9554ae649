"""Every action of every procedure by every role in every state of a task: what is allowed is listed, everything else
changes nothing. An action, a procedure or a state that is added fails until it has its lines here.
"""

from __future__ import annotations

import inspect

import pytest
from sqlalchemy import func, select

from app.actor import Actor
from app.errors import DomainError
from app.extensions import db
from app.rules import deadlines
from app.rules.routing import Stop
from app.services import review
from app.services.review import Via
from app.transaction import transaction
from app.workflow import engine
from app.workflow.definitions import PROCEDURES
from models.audit import AuditEvent
from models.case import TASK_STATES, Case, Task, TaskCounter
from models.job import Job
from models.substitution import Substitution
from tests.factories.person import account, unit
from tests.factories.rows import save
from tests.integration.test_engine import World, actor, open_task, recorded  # noqa: F401

# States of a task: waiting and claimed are both `open`; recalled is `withdrawn`; passed_on is approved, and the next stop has begun.
STATES = {"waiting": "open", "claimed": "open", "approved": "approved", "passed_on": "approved", "returned": "returned",
          "terminated": "terminated", "recalled": "withdrawn"}
ROLES = ("holder", "colleague", "substitute", "foreign", "applicant", "nobody", "operations")
ACTIONS = ("claim", "release", "approve", "return_", "terminate", "withdraw", "hand_over", "via", "cancel")
DECISIONS = {"approve": "approve", "return": "return_", "terminate": "terminate"}
# The holder decided, or will: the first administrator of the organization; the colleague is the second one there, the
# substitute the third, who stands in for the holder today.
ALLOWED = {
    ("claim", "holder", "waiting"), ("claim", "colleague", "waiting"), ("claim", "substitute", "waiting"), ("claim", "holder", "claimed"),
    ("release", "holder", "claimed"), ("hand_over", "holder", "claimed"), ("withdraw", "holder", "approved"),
    ("cancel", "applicant", "waiting"),
    *((action, role, "claimed") for action in ("approve", "return_", "terminate", "via") for role in ("holder", "substitute")),
}


def test_every_action_of_the_engine_is_tried_here():
    """`review` names each action on a task; the engine besides has what the applicant does, and `execute` behind the others."""
    tells = {name for name, one in inspect.getmembers(review, inspect.isfunction)
             if not name.startswith("_") and one.__module__ == review.__name__ and one.__annotations__.get("return") == "Outcome"}
    assert {*tells, "via", "cancel"} == set(ACTIONS)
    of_engine = {name for name, one in inspect.getmembers(engine, inspect.isfunction)
                 if not name.startswith("_") and one.__module__ == engine.__name__ and "session" in inspect.signature(one).parameters}
    assert of_engine == {"start", "execute", "task_in_hand", "hand_over", "cancel"}
    assert set(review.BATCH_ACTIONS) <= {*DECISIONS, "claim", "release", "hand_over"}


def test_every_decision_and_state_is_tried_here():
    decided = {action.code for procedure in PROCEDURES.values() for action in procedure.decisions}
    assert decided == set(DECISIONS)
    assert {kind for procedure in PROCEDURES.values() for kinds in procedure.inserts.values() for kind in kinds} == {"extra", "agency"}
    assert set(STATES.values()) == set(TASK_STATES)


class Scene:
    """An HR department with three administrators over one task of a procedure, and everybody who might try something."""

    def __init__(self, procedure):
        self.world, self.procedure = World(), PROCEDURES[procedure]
        self.department = unit("department", kind="competent_department")
        third = account("hr3", role="HrDepartment", organization_id=self.world.hr.id)
        today = deadlines.today()
        save(Substitution(organization_id=self.world.hr.id, user_id=self.world.hr.user_id, substitute_id=third, begins_on=today, ends_on=today))
        self.node = "hr_department" if "hr_department" in self.procedure.nodes else self.procedure.nodes[0]
        self.roles = {
            "holder": self.world.hr_admin, "colleague": self.world.hr_second, "substitute": actor(third, self.world.hr.id),
            "foreign": self.world.school_admin, "applicant": self.world.li, "nobody": actor(self.world.school.user_id),
            "operations": Actor(user_id=account("ops", role="Ops"), name="运维", roles=frozenset({"Ops"})),
        }
        assert set(self.roles) == set(ROLES)
        self.subject = 0

    def prepared(self, state):
        """A new case whose first task is in the state."""
        self.subject += 1
        world, route = self.world, [Stop(self.node, self.world.hr.id, "hr"), Stop("employer", self.world.school.id, "school")]
        with transaction() as session:
            case_id = engine.start(
                session, procedure=self.procedure.code, subject_type=self.procedure.subject_type, subject_id=self.subject,
                title="测试", route=route, actor=world.li, person_id=world.person_id, employer_id=world.school.id)
        task_id = open_task(case_id).id
        db.session.rollback()
        if state != "waiting":
            review.claim(task_id=task_id, actor=world.hr_admin)
        if state in ("approved", "passed_on"):
            following = review.approve(task_id=task_id, actor=world.hr_admin, opinion="理由").next_task_id
            if state == "passed_on":
                review.claim(task_id=following, actor=world.school_admin)
        if state in ("returned", "terminated"):
            decide = review.return_ if state == "returned" else review.terminate
            decide(task_id=task_id, actor=world.hr_admin, opinion="理由")
        if state == "recalled":
            review.release(task_id=task_id, actor=world.hr_admin)
            with transaction() as session:
                engine.cancel(session, case_id=case_id, actor=world.li)
        return case_id, task_id

    def attempt(self, action, who, case_id, task_id):
        """The sentence of the refusal, or nothing."""
        words = {"opinion": "理由"} if action in ("approve", "return_", "terminate") else {}
        try:
            if action == "cancel":
                with transaction() as session:
                    engine.cancel(session, case_id=case_id, actor=who)
            elif action == "hand_over":
                review.hand_over(task_id=task_id, to=self.world.hr_colleague, actor=who)
            elif action == "via":
                review.approve(task_id=task_id, actor=who, opinion="理由", via=Via("extra", self.department.id))
            else:
                getattr(review, action)(task_id=task_id, actor=who, **words)
        except DomainError as error:
            return error.message
        return ""

    def allows(self, action, role, state):
        known = {DECISIONS[decision.code] for decision in self.procedure.decisions}
        if action in DECISIONS.values() and action not in known:
            return False
        if action == "via" and "extra" not in self.procedure.inserts.get(self.node, ()):
            return False
        return (action, role, state) in ALLOWED


def picture():
    """Everything the engine writes."""
    db.session.rollback()
    found = [db.session.execute(select(table.__table__).order_by(table.__table__.c.id)).all() for table in (Case, Task, TaskCounter)]
    counts = [db.session.execute(select(func.count()).select_from(table.__table__)).scalar_one() for table in (AuditEvent, Job)]
    db.session.rollback()
    return found, counts


def states_of(procedure):
    codes = {decision.code for decision in PROCEDURES[procedure].decisions}
    return [state for state in STATES if state != "terminated" or "terminate" in codes]


@pytest.mark.parametrize(("procedure", "state"), [(code, state) for code in PROCEDURES for state in states_of(code)])
def test_only_what_is_listed_happens(app, procedure, state):
    scene = Scene(procedure)
    case_id, task_id = scene.prepared(state)
    before = picture()
    for action in ACTIONS:
        for role in ROLES:
            refusal = scene.attempt(action, scene.roles[role], case_id, task_id)
            allowed = scene.allows(action, role, state)
            assert (refusal == "") == allowed, (action, role, refusal)
            if allowed:
                case_id, task_id = scene.prepared(state)
                before = picture()
            else:
                assert refusal.endswith("。"), (action, role, refusal)  # a sentence that says what to do
                assert picture() == before, (action, role)
