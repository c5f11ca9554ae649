"""Random sequences of every action by every role over many cases: the engine's invariants hold after each of them.

`MACHINES=100 pytest … --hypothesis-seed=N` runs more of them.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select, text

import models as m
from app.actor import Actor
from app.audit import verify
from app.errors import DomainError, WrongState
from app.extensions import db
from app.rules import deadlines
from app.rules.routing import Stop
from app.scope import system_scope
from app.services import administrator, post_quota, review, substitution, termination
from app.services.review import Via
from app.transaction import current_session, transaction
from app.workflow import engine, registry
from app.workflow.counters import recount
from models.application import Application
from models.base import utcnow
from models.case import Case, Task, TaskCounter
from models.post_quota import QUOTA_LEVELS, PostQuotaLevel, QuotaUse
from tests.factories import application as make
from tests.factories.person import account, person, unit
from tests.factories.recommendation import confirmed_quota
from tests.factories.rows import save
from tests.integration.test_post_quota import YEAR

CASES = 4
MACHINES = int(os.environ.get("MACHINES", "20"))
ACTIONS = ("claim", "release", "approve", "return_", "terminate", "withdraw")
# What succeeds at least once in the sequence that is written down, so that the invariants have seen it.
SUCCEEDED = {*ACTIONS, "hand_over", "via extra", "via agency", "cancel", "lift", "stand_in", "colleague_leaves", "correct_the_quota",
             "recommend y", "recommend n", *(f"batch {action}" for action in review.BATCH_ACTIONS)}
_case, _task, _a = Case.__table__, Task.__table__, Application.__table__
_level, _use = PostQuotaLevel.__table__, QuotaUse.__table__


class World:
    """A school with two administrators, three authorities, an agency, and applicants whose applications pass them all."""

    def __init__(self):
        table = save(m.CodeTable(code="unit_nature", name="单位性质"))
        save(m.CodeItem(table_id=table, code="50", name="事业单位", position=1, extra={"needs_post_quota": "1"}))
        kinds = {"school": "employer", "department": "competent_department", "hr": "hr_department", "convener": "convener",
                 "agency": "agency"}
        self.units = {name: unit(name, kind=kind) for name, kind in kinds.items()}
        roles = frozenset({"Employer"})  # administrators, for 管理员管理; the engine asks for the organization alone
        self.actors = {name: Actor(user_id=one.user_id, name=name, organization_id=one.id, roles=roles) for name, one in self.units.items()}
        for name, of, role in (("school2", "school", "Employer"), ("hr2", "hr", "HrDepartment")):
            colleague = account(name, role=role, organization_id=self.units[of].id)
            self.actors[name] = Actor(user_id=colleague, name=name, organization_id=self.units[of].id, roles=roles)
        self.actors["ops"] = Actor(user_id=account("ops", role="Ops"), name="ops", roles=frozenset({"Ops"}))
        self.quota = confirmed_quota(self.units["school"].id, self.units["school"].user_id, vacancies=2)
        self.done = Counter()
        plan = make.plan(self.units["convener"].id)
        self.applicants = []
        for n in range(CASES):
            who = person(f"applicant{n}", organization_id=self.units["school"].id)
            with db.engine.connect() as connection:
                user_id = connection.execute(text("SELECT user_id FROM person WHERE id = :id"), {"id": who}).scalar_one()
            self.applicants.append(Actor(user_id=user_id, name=f"申报人{n}", person_id=who))
            self.actors[f"applicant{n}"] = self.applicants[-1]
        self.applications = [make.application(who.person_id, self.units["school"].id, plan) for who in self.applicants]
        self.route = [
            Stop(node, self.units[name].id, name) for node, name in (
                ("employer", "school"), ("competent_department", "department"), ("hr_department", "hr"), ("convener", "convener"))
        ]

    def clear(self):
        """Begin again: every case ended by its applicant's withdrawal would need permissions, so the rows go."""
        with db.engine.begin() as connection:
            for table in ("quota_use", "return_reason", "task", '"case"', "task_counter", "job", "substitution"):
                connection.execute(text(f"DELETE FROM {table}"))
            connection.execute(text("UPDATE post_quota_level SET occupied = 0, unoccupied = 0, vacancies = 2"))
            connection.execute(text("UPDATE ab_user SET active = true"))
            connection.execute(text("UPDATE application SET state = 'editing', submitted_at = NULL, version = version + 1"))


@pytest.fixture
def world(app, monkeypatch):
    """The recommendation's files are tested elsewhere: here 通过 asks for 推荐 alone."""

    def guards_of(procedure, action):
        def must_be_recommended(session, *, case, actor, opinion):
            if case.node == "employer" and session.execute(
                select(_use.c.id).where(_use.c.case_id == case.id, _use.c.released_at.is_(None))
            ).first() is None:
                raise WrongState("先推荐")

        return [must_be_recommended] if action == "approve" else []

    monkeypatch.setattr(registry, "guards_of", guards_of)
    return World()


def machine_of(world):
    who = st.sampled_from(sorted(world.actors))
    which = st.integers(0, CASES - 1)

    class Reviewing(RuleBasedStateMachine):
        @initialize()
        def begin(self):
            world.clear()
            for n in range(CASES):
                self.submit(n)

        def newest(self, n):
            current_session().rollback()
            found = current_session().execute(
                select(_task).where(_task.c.subject_id == world.applications[n]).order_by(_task.c.id.desc()).limit(1)).first()
            current_session().rollback()
            return found

        @rule(n=which)
        def submit_again(self, n):
            self.submit(n)

        def submit(self, n):
            with contextlib.suppress(DomainError), transaction() as session:
                row = session.execute(select(_a).where(_a.c.id == world.applications[n])).one()
                if row.state not in ("editing", "returned"):
                    return
                session.execute(_a.update().where(_a.c.id == row.id).values(
                    state="reviewing", submitted_at=utcnow(), version=row.version + 1))
                engine.start(
                    session, procedure="application", subject_type="application", subject_id=row.id, title=f"申报{n}",
                    route=world.route, actor=world.applicants[n], person_id=row.person_id, employer_id=row.employer_id)

        def attempt(self, what, action):
            """Do it; what is refused with a sentence changes nothing, as the invariants see."""
            with contextlib.suppress(DomainError):
                action()
                world.done[what] += 1

        def decide(self, action, task, actor):
            words = {"opinion": "理由"} if action in ("approve", "return_", "terminate") else {}
            self.attempt(action, lambda: getattr(review, action)(task_id=task.id, actor=actor, **words))

        def in_charge(self, task):
            """Who has claimed the task, else some administrator of its organization."""
            names = [name for name, actor in world.actors.items() if actor.organization_id == task.organization_id]
            return next((world.actors[x] for x in names if world.actors[x].user_id == task.claimed_by), world.actors[names[0]])

        @rule(n=which, name=who, action=st.sampled_from(ACTIONS))
        def act(self, n, name, action):
            task = self.newest(n)
            if task is not None:
                self.decide(action, task, world.actors[name])

        @rule(n=which, action=st.sampled_from(["claim", "approve", "approve", "recommend", "return_", "terminate", "release"]))
        def whose_turn_it_is(self, n, action):
            """The right administrator, so that cases also get somewhere."""
            task = self.newest(n)
            if task is None:
                return
            if action == "recommend":
                self.recommend(n, "y")
            else:
                self.decide(action, task, self.in_charge(task))

        def ready(self, n):
            """The newest task and who can approve it: claimed, and with its 推荐 at the unit."""
            task = self.newest(n)
            if task is None or task.state != "open":
                return None, None
            actor = self.in_charge(task)
            if task.claimed_by is None:
                self.decide("claim", task, actor)
            if task.node == "employer":
                self.recommend(n, "y")
            return self.newest(n), actor

        @rule(n=which)
        def move_on(self, n):
            """A case goes one stop further, if it can."""
            task, actor = self.ready(n)
            if task is not None:
                self.decide("approve", task, actor)

        @rule(n=which)
        def take_back(self, n):
            """撤回 by whoever decided last."""
            current_session().rollback()
            last = current_session().execute(
                select(_task).where(_task.c.subject_id == world.applications[n], _task.c.state == "approved")
                .order_by(_task.c.id.desc()).limit(1)).first()
            current_session().rollback()
            if last is not None:
                self.decide("withdraw", last, next(actor for actor in world.actors.values() if actor.user_id == last.decided_by))

        @rule(name=who, action=st.sampled_from(["approve", "return", "claim", "release", "hand_over"]), to=who)
        def batch(self, name, action, to):
            """One action over every case at once, as the lists send it."""
            found = [task.id for task in map(self.newest, range(CASES)) if task is not None]
            if found:
                results = review.decide_batch(task_ids=found, action=action, actor=world.actors[name], opinion="理由",
                                              to=world.actors[to].user_id)
                world.done[f"batch {action}"] += sum(result.ok for result in results)

        @rule(n=which, name=st.sampled_from(["ops", "ops", "school", "applicant0"]))
        def lift(self, n, name):
            self.attempt("lift", lambda: termination.lift(
                application_id=world.applications[n], reason="复核", actor=world.actors[name]))

        @rule(name=st.sampled_from(["school", "school2", "hr", "department"]), to=st.sampled_from(["school", "school2", "hr2"]))
        def stand_in(self, name, to):
            today = deadlines.today()
            self.attempt("stand_in", lambda: substitution.appoint(
                substitute_id=world.actors[to].user_id, begins_on=today, ends_on=today, actor=world.actors[name]))

        @rule(name=st.sampled_from(["school", "hr"]), colleague=st.sampled_from(["school2", "hr2"]))
        def colleague_leaves(self, name, colleague):
            """Whoever leaves puts back what they had claimed; then comes back."""
            self.attempt("colleague_leaves", lambda: administrator.deactivate(
                account_id=world.actors[colleague].user_id, actor=world.actors[name]))

        @rule()
        def colleagues_return(self):
            current_session().rollback()
            with db.engine.begin() as connection:
                connection.execute(text("UPDATE ab_user SET active = true"))

        @rule(name=st.sampled_from(["ops", "school"]), places=st.integers(0, 3))
        def correct_the_quota(self, name, places):
            current_session().rollback()
            version = current_session().execute(text("SELECT version FROM post_quota")).scalar_one()
            current_session().rollback()
            numbers = dict.fromkeys(QUOTA_LEVELS, "2") | {"副高级": str(places)}
            self.attempt("correct_the_quota", lambda: post_quota.correct(
                quota_id=world.quota, numbers=numbers, reason="核减", version=version, actor=world.actors[name]))

        @rule(n=which, how=st.sampled_from(["y", "n"]))
        def recommend(self, n, how):
            task = self.newest(n)
            if task is None or task.node != "employer":
                return
            with contextlib.suppress(DomainError), transaction() as session:
                actor = next(a for a in world.actors.values() if a.user_id == (task.claimed_by or world.units["school"].user_id))
                engine.task_in_hand(session, task_id=task.id, actor=actor)
                post_quota.take(
                    session, case_id=task.case_id, application_id=task.subject_id, organization_id=task.organization_id,
                    year=YEAR, label="副高级", occupies=how == "y", reason="" if how == "y" else "不占岗", actor=actor)
                world.done[f"recommend {how}"] += 1

        @rule(n=which, name=who, node=st.sampled_from(["extra", "agency"]), to=st.sampled_from(["agency", "hr", "school"]))
        def by_way_of(self, n, name, node, to):
            task = self.newest(n)
            if task is not None:
                actor = world.actors[name]
                if actor.organization_id is None:  # nobody who could: somebody who can
                    task, actor = self.ready(n)
                    if task is None:
                        return
                self.attempt(f"via {node}", lambda: review.approve(task_id=task.id, actor=actor, via=Via(node, world.units[to].id)))

        @rule(n=which, name=who, to=who)
        def hand_over(self, n, name, to):
            task = self.newest(n)
            if task is not None:
                self.attempt("hand_over", lambda: review.hand_over(
                    task_id=task.id, to=world.actors[to].user_id, actor=world.actors[name]))

        @rule(n=which, name=who, own=st.booleans())
        def cancel(self, n, name, own):
            task, name = self.newest(n), f"applicant{n}" if own else name
            if task is not None:
                with contextlib.suppress(DomainError), transaction() as session:
                    engine.cancel(session, case_id=task.case_id, actor=world.actors[name])
                    world.done["cancel"] += 1

        @invariant()
        def holds(self):
            current_session().rollback()
            session = current_session()
            cases = session.execute(select(_case)).all()
            tasks = session.execute(select(_task).order_by(_task.c.case_id, _task.c.seq)).all()
            states = dict(session.execute(select(_a.c.id, _a.c.state)).tuples().all())
            of_case = {case.id: [task for task in tasks if task.case_id == case.id] for case in cases}
            assert sum(map(len, of_case.values())) == len(tasks)  # no orphan
            for case in cases:
                visits = of_case[case.id]
                assert [task.seq for task in visits] == list(range(1, len(visits) + 1))  # history complete
                opened = [task for task in visits if task.state == "open"]
                assert len(opened) == (case.state == "open")  # one open task, and none when the case ended
                assert all(task is visits[-1] for task in opened)
                for task in visits:
                    stop = case.route[task.stop] if task.stop < len(case.route) else None
                    if task.state == "open":
                        assert (stop["organization_id"], stop["node"]) == (task.organization_id, task.node)
                        assert case.node == task.node
                    assert (task.decided_by is None) == (task.state == "open")
            latest = {}
            for case in sorted(cases, key=lambda one: one.run):
                latest[case.subject_id] = case
            assert Counter(case.subject_id for case in cases if case.state == "open").total() <= len(latest)
            words = {"open": "reviewing", "withdrawn": None}
            for subject_id, case in latest.items():
                expected = words.get(case.state, case.state)
                assert states[subject_id] == expected or (expected is None and states[subject_id] in ("editing", "returned")) or (
                    case.state == "terminated" and states[subject_id] == "editing")  # lifted
            self.places_add_up(session, {case.id: case for case in cases})
            self.counters_follow(session)

        def places_add_up(self, session, cases):
            uses = session.execute(select(_use).where(_use.c.released_at.is_(None))).all()
            assert all(cases[use.case_id].state in ("open", "approved") for use in uses)
            row = session.execute(select(_level).where(_level.c.label == "副高级")).one()
            assert row.occupied == sum(use.occupies for use in uses) <= row.vacancies  # corrections included
            assert row.unoccupied == sum(not use.occupies for use in uses)

        def counters_follow(self, session):
            table = TaskCounter.__table__
            kept = session.execute(select(table.c.organization_id, table.c.pile, table.c.user_id, table.c.n).where(table.c.n > 0)
                                   .order_by(table.c.organization_id, table.c.pile, table.c.user_id)).all()
            session.rollback()
            with transaction() as again:
                recount(again)
                counted = again.execute(select(table.c.organization_id, table.c.pile, table.c.user_id, table.c.n).where(table.c.n > 0)
                                        .order_by(table.c.organization_id, table.c.pile, table.c.user_id)).all()
            assert kept == counted

    return Reviewing


def test_a_sequence_in_which_every_action_succeeds(world):
    """What random sequences reach seldom, once in order; the invariants hold after each step."""
    with system_scope():
        run = machine_of(world)()
        run.begin()
        steps = [
            lambda: run.recommend(3, "n"),  # refused: with two administrators it must be claimed first
            lambda: run.decide("claim", run.newest(3), world.actors["school"]),
            lambda: run.recommend(3, "n"),
            lambda: run.decide("terminate", run.newest(3), world.actors["school"]),
            lambda: run.lift(3, "ops"),
            lambda: run.correct_the_quota("ops", 3),
            lambda: run.move_on(0),
            lambda: run.take_back(0),
            lambda: run.decide("return_", run.newest(0), world.actors["school"]),
            lambda: run.submit(0),
            lambda: run.cancel(0, "ops", own=True),
            lambda: run.by_way_of(1, "applicant1", "extra", "hr"),
            lambda: run.by_way_of(2, "applicant2", "agency", "agency"),
            lambda: run.submit(3),
            lambda: run.decide("claim", run.newest(3), world.actors["school"]),
            lambda: run.hand_over(3, "school", "school2"),
            lambda: run.stand_in("school2", "school"),
            lambda: run.decide("release", run.newest(3), world.actors["school2"]),
            lambda: run.submit(0),
            lambda: run.batch("school2", "claim", "school"),
            lambda: run.batch("school2", "hand_over", "school"),
            lambda: run.batch("school", "release", "school"),
            lambda: run.batch("school2", "claim", "school"),
            lambda: run.colleague_leaves("school", "school2"),
            run.colleagues_return,
            lambda: run.move_on(3),
            lambda: run.batch("department", "approve", "school"),
            lambda: run.batch("agency", "return", "school"),
        ]
        for step in steps:
            step()
            run.holds()
    assert not {what for what in SUCCEEDED if not world.done[what]}, world.done
    assert list(verify(db.session())) == []


def test_random_sequences_never_break_an_invariant(world):
    machine = machine_of(world).TestCase
    machine.settings = settings(max_examples=MACHINES, stateful_step_count=60, deadline=None, database=None,
                                suppress_health_check=list(HealthCheck))
    with system_scope():
        machine().runTest()
    assert list(verify(db.session())) == []
