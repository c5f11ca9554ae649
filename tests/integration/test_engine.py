"""The engine: who may do what with a task, in which state, and what the database holds afterwards."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.actor import Actor
from app.audit import anchor, verify
from app.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from app.extensions import db
from app.rules.routing import Stop
from app.services import review
from app.transaction import transaction
from app.workflow import engine, registry
from app.workflow.counters import recount
from models.case import Case, Task, TaskCounter
from models.job import Job
from tests.factories.person import account, person, unit

calls = []


@pytest.fixture(autouse=True)
def recorded(monkeypatch):
    """Effects that only remember being called: these tests are about the engine, not about its subjects."""
    calls.clear()

    def effect_of(procedure, event):
        def remember(session, *, case, actor, opinion):
            calls.append((event, case.subject_id))

        return remember

    monkeypatch.setattr(registry, "effect_of", effect_of)
    monkeypatch.setattr(registry, "guards_of", lambda procedure, action: [])


def actor(user_id, organization_id=None, person_id=None):
    return Actor(user_id=user_id, name="测试员", organization_id=organization_id, person_id=person_id)


class World:
    """A school with one administrator, an HR department with two, a person whose case passes both."""

    def __init__(self):
        self.school, self.hr = unit("school"), unit("hr", kind="hr_department")
        self.hr_colleague = account("hr2", role="HrDepartment", organization_id=self.hr.id)
        self.person_id = person("li", organization_id=self.school.id)
        with db.engine.connect() as connection:
            self.user_id = connection.execute(
                text("SELECT user_id FROM person WHERE id = :id"), {"id": self.person_id}
            ).scalar_one()
        self.li = actor(self.user_id, person_id=self.person_id)
        self.school_admin = actor(self.school.user_id, self.school.id)
        self.hr_admin = actor(self.hr.user_id, self.hr.id)
        self.hr_second = actor(self.hr_colleague, self.hr.id)

    def start(self, subject_id=1, stops=("school", "hr")):
        route = [Stop("employer" if name == "school" else "hr_department", getattr(self, name).id, name) for name in stops]
        with transaction() as session:
            return engine.start(
                session, procedure="application", subject_type="application", subject_id=subject_id, title="测试申报",
                route=route, actor=self.li, person_id=self.person_id, employer_id=self.school.id,
            )


@pytest.fixture
def world(app):
    return World()


def open_task(case_id):
    return db.session.execute(
        select(Task.__table__).where(Task.__table__.c.case_id == case_id, Task.__table__.c.state == "open")
    ).one()


def case_state(case_id):
    return db.session.execute(select(Case.__table__.c.state).where(Case.__table__.c.id == case_id)).scalar_one()


def counters():
    table = TaskCounter.__table__
    rows = db.session.execute(select(table).where(table.c.n > 0)).mappings()
    return {(row["organization_id"], row["pile"], row["user_id"]): row["n"] for row in rows}


def test_an_approval_moves_the_case_to_the_next_stop_and_the_last_one_ends_it(world):
    case_id = world.start()
    outcome = review.approve(task_id=open_task(case_id).id, actor=world.school_admin)
    assert (outcome.event, outcome.next_organization) == ("moved", "hr")
    review.claim(task_id=outcome.next_task_id, actor=world.hr_admin)
    assert review.approve(task_id=outcome.next_task_id, actor=world.hr_admin, opinion="材料齐全").event == "approved"
    assert case_state(case_id) == "approved"
    assert calls == [("approved", 1)]
    opinions = db.session.execute(select(Task.__table__.c.opinion).order_by(Task.__table__.c.seq)).scalars().all()
    assert opinions == ["同意", "材料齐全"]


def test_every_action_leaves_a_verifiable_chain(world):
    case_id = world.start()
    review.approve(task_id=open_task(case_id).id, actor=world.school_admin)
    with transaction() as session:
        anchor(session)
    assert list(verify(db.session())) == []


def test_an_edit_of_the_trail_is_refused_by_the_database(world):
    world.start()
    for statement in ("UPDATE audit_event SET actor_name = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
            connection.execute(text(statement))


def test_verify_names_an_edited_row_and_a_cut_end(world):
    case_id = world.start()
    review.approve(task_id=open_task(case_id).id, actor=world.school_admin)
    with transaction() as session:
        anchor(session)
    with db.engine.begin() as connection:
        _without_triggers(connection)
        connection.execute(text("UPDATE audit_event SET actor_name = '别人' WHERE seq = 1 AND subject_type = 'case'"))
    faults = [fault.message for fault in verify(db.session())]
    assert any("was changed" in message for message in faults)
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE audit_event SET actor_name = '测试员' WHERE seq = 1 AND subject_type = 'case'"))
        connection.execute(text("DELETE FROM audit_event WHERE seq = 2 AND subject_type = 'case'"))
    faults = [fault.message for fault in verify(db.session())]
    assert any("not what they were" in message for message in faults)


def _without_triggers(connection):
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
    else:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER audit_event_no_{verb}"))


@pytest.mark.parametrize("action", ["claim", "approve", "return_", "terminate"])
def test_another_organizations_administrator_finds_no_such_task(world, action):
    task_id = open_task(world.start()).id
    arguments = {} if action == "claim" else {"opinion": "理由"}
    with pytest.raises(NotFound):
        getattr(review, action)(task_id=task_id, actor=world.hr_admin, **arguments)


def test_a_person_without_an_organization_finds_no_such_task(world):
    with pytest.raises(NotFound):
        review.approve(task_id=open_task(world.start()).id, actor=world.li)


def test_nobody_decides_on_a_case_of_their_own(world):
    task_id = open_task(world.start()).id
    both = actor(world.user_id, world.school.id, world.person_id)
    with pytest.raises(NotAllowed, match="自己"):
        review.approve(task_id=task_id, actor=both)


def test_with_several_administrators_a_task_is_claimed_before_it_is_decided(world):
    case_id = world.start(stops=("hr",))
    task_id = open_task(case_id).id
    with pytest.raises(WrongState, match="先领取"):
        review.approve(task_id=task_id, actor=world.hr_admin)
    review.claim(task_id=task_id, actor=world.hr_admin)
    with pytest.raises(WrongState, match="其他管理员领取"):
        review.approve(task_id=task_id, actor=world.hr_second)
    with pytest.raises(Conflict, match="办理"):
        review.claim(task_id=task_id, actor=world.hr_second)
    review.release(task_id=task_id, actor=world.hr_admin)
    review.claim(task_id=task_id, actor=world.hr_second)
    assert review.approve(task_id=task_id, actor=world.hr_second).event == "approved"


@pytest.mark.parametrize("action", ["return_", "terminate"])
def test_a_refusal_needs_its_reasons(world, action):
    task_id = open_task(world.start()).id
    with pytest.raises(Invalid) as refused:
        getattr(review, action)(task_id=task_id, actor=world.school_admin, opinion="  ")
    assert "opinion" in refused.value.fields


@pytest.mark.parametrize(("action", "state"), [("return_", "returned"), ("terminate", "terminated")])
def test_a_refusal_ends_the_case(world, action, state):
    case_id = world.start()
    assert getattr(review, action)(task_id=open_task(case_id).id, actor=world.school_admin, opinion="理由").event == state
    assert case_state(case_id) == state
    assert calls == [(state, 1)]


@pytest.mark.parametrize("action", ["approve", "return_", "terminate", "claim"])
def test_a_decided_task_stays_decided(world, action):
    task_id = open_task(world.start()).id
    review.approve(task_id=task_id, actor=world.school_admin)
    arguments = {} if action == "claim" else {"opinion": "理由"}
    with pytest.raises(WrongState, match="已办理"):
        getattr(review, action)(task_id=task_id, actor=world.school_admin, **arguments)


def test_a_decision_on_an_older_version_is_a_conflict(world):
    task = open_task(world.start())
    with pytest.raises(Conflict, match="刷新"):
        review.approve(task_id=task.id, actor=world.school_admin, version=task.version + 1)


def test_an_approval_is_withdrawn_while_the_next_stop_has_not_touched_it(world):
    case_id = world.start()
    first = open_task(case_id).id
    following = review.approve(task_id=first, actor=world.school_admin).next_task_id
    review.withdraw(task_id=first, actor=world.school_admin)
    again = open_task(case_id)
    assert (again.organization_id, again.claimed_by) == (world.school.id, world.school.user_id)
    states = dict(db.session.execute(select(Task.__table__.c.id, Task.__table__.c.state)).tuples().all())
    assert states[first] == "approved"
    assert states[following] == "withdrawn"


def test_an_approval_is_not_withdrawn_after_the_next_stop_claimed_it(world):
    case_id = world.start()
    first = open_task(case_id).id
    following = review.approve(task_id=first, actor=world.school_admin).next_task_id
    review.claim(task_id=following, actor=world.hr_admin)
    with pytest.raises(WrongState, match="下一审核节点"):
        review.withdraw(task_id=first, actor=world.school_admin)


def test_only_who_decided_withdraws(world):
    case_id = world.start(stops=("hr", "school"))
    task_id = open_task(case_id).id
    review.claim(task_id=task_id, actor=world.hr_admin)
    review.approve(task_id=task_id, actor=world.hr_admin)
    with pytest.raises(NotAllowed, match="自己办理"):
        review.withdraw(task_id=task_id, actor=world.hr_second)


def test_the_last_approval_withdrawn_opens_the_case_again(world):
    case_id = world.start(stops=("school",))
    task_id = open_task(case_id).id
    review.approve(task_id=task_id, actor=world.school_admin)
    assert review.withdraw(task_id=task_id, actor=world.school_admin).event == "reopened"
    assert case_state(case_id) == "open"
    assert calls == [("approved", 1), ("reopened", 1)]


def test_the_applicant_withdraws_only_before_anybody_acted(world):
    case_id = world.start()
    with transaction() as session:
        assert engine.cancel(session, case_id=case_id, actor=world.li).event == "withdrawn"
    assert case_state(case_id) == "withdrawn"
    second = world.start()
    review.approve(task_id=open_task(second).id, actor=world.school_admin)
    with pytest.raises(WrongState, match="已开始办理"), transaction() as session:
        engine.cancel(session, case_id=second, actor=world.li)


def test_another_person_cannot_withdraw_it(world):
    case_id = world.start()
    stranger = actor(account("stranger"), person_id=person("other"))
    with pytest.raises(NotFound), transaction() as session:
        engine.cancel(session, case_id=case_id, actor=stranger)


def test_a_subject_has_one_open_case(world):
    world.start(subject_id=7)
    with pytest.raises(WrongState, match="重复提交"):
        world.start(subject_id=7)


def test_a_resubmission_is_the_next_run_and_keeps_the_earlier_one(world):
    first = world.start()
    review.return_(task_id=open_task(first).id, actor=world.school_admin, opinion="补充证书")
    second = world.start()
    runs = db.session.execute(select(Case.__table__.c.id, Case.__table__.c.run).order_by(Case.__table__.c.id)).tuples().all()
    assert runs == [(first, 1), (second, 2)]


def test_counters_follow_the_tasks(world):
    first, _second = world.start(1), world.start(2)
    assert counters() == {(world.school.id, "waiting", 0): 2}
    following = review.approve(task_id=open_task(first).id, actor=world.school_admin).next_task_id
    review.claim(task_id=following, actor=world.hr_admin)
    expected = {
        (world.school.id, "waiting", 0): 1, (world.school.id, "decided", world.school.user_id): 1,
        (world.hr.id, "claimed", world.hr.user_id): 1,
    }
    assert counters() == expected
    review.return_(task_id=following, actor=world.hr_admin, opinion="补充")
    after = counters()
    assert after[world.hr.id, "returned", world.hr.user_id] == 1
    with transaction() as session:
        recount(session)
    assert counters() == after


def test_notifications_leave_with_the_commit_and_once(world):
    case_id = world.start()
    review.approve(task_id=open_task(case_id).id, actor=world.school_admin)
    kinds = db.session.execute(
        select(Job.__table__.c.kind, func.count()).where(Job.__table__.c.kind.startswith("notify")).group_by(Job.__table__.c.kind)
    ).tuples().all()
    assert dict(kinds) == {"notify.task_arrived": 2}


def test_a_failing_effect_undoes_the_whole_decision(world, monkeypatch):
    case_id = world.start(stops=("school",))

    def effect_of(procedure, event):
        def refuse(session, *, case, actor, opinion):
            raise WrongState("不行")

        return refuse

    monkeypatch.setattr(registry, "effect_of", effect_of)
    before = db.session.execute(text("SELECT count(*) FROM audit_event")).scalar_one()
    with pytest.raises(WrongState, match="不行"):
        review.approve(task_id=open_task(case_id).id, actor=world.school_admin)
    assert open_task(case_id).version == 1
    assert db.session.execute(text("SELECT count(*) FROM audit_event")).scalar_one() == before


def test_a_batch_reports_every_case_and_decides_the_ones_it_can(world):
    good = [open_task(world.start(n)).id for n in (1, 2)]
    decided = open_task(world.start(3)).id
    review.approve(task_id=decided, actor=world.school_admin)
    foreign = open_task(world.start(4, stops=("hr",))).id
    results = review.decide_batch(task_ids=[*good, decided, foreign, good[0]], action="approve", actor=world.school_admin)
    assert [(result.task_id, result.ok) for result in results] == [
        (good[0], True), (good[1], True), (decided, False), (foreign, False),
    ]
    assert results[-1].title == ""  # a foreign task tells nothing, not even its name


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"task_ids": [], "action": "approve"}, "先勾选"),
        ({"task_ids": [1], "action": "terminate"}, "不支持"),
        ({"task_ids": [1], "action": "return"}, "退回意见"),
        ({"task_ids": list(range(1, 1002)), "action": "approve"}, "分批"),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused_as_a_whole(world, arguments, says):
    with pytest.raises(Invalid, match=says):
        review.decide_batch(actor=world.school_admin, **arguments)
