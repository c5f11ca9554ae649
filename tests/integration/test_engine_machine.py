"""Random sequences of every action by every role over many cases: the engine's invariants hold after each of them."""

from __future__ import annotations

import contextlib
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
from app.rules.routing import Stop
from app.scope import system_scope
from app.services import post_quota, review
from app.services.review import Via
from app.transaction import current_session, transaction
from app.workflow import engine, registry
from app.workflow.counters import recount
from models.application import Application
from models.base import utcnow
from models.case import Case, Task, TaskCounter
from models.post_quota import PostQuotaLevel, QuotaUse
from tests.factories import application as make
from tests.factories.person import account, person, unit
from tests.factories.recommendation import confirmed_quota
from tests.factories.rows import save
from tests.integration.test_post_quota import YEAR

CASES = 4
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
        self.actors = {name: Actor(user_id=one.user_id, name=name, organization_id=one.id) for name, one in self.units.items()}
        second = account("school2", role="Employer", organization_id=self.units["school"].id)
        self.actors["school2"] = Actor(user_id=second, name="school2", organization_id=self.units["school"].id)
        confirmed_quota(self.units["school"].id, self.units["school"].user_id, vacancies=2)
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
            for table in ("quota_use", "task", '"case"', "task_counter", "job"):
                connection.execute(text(f"DELETE FROM {table}"))
            connection.execute(text("UPDATE post_quota_level SET occupied = 0, unoccupied = 0"))
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

        def newest(self, n):
            current_session().rollback()
            found = current_session().execute(
                select(_task).where(_task.c.subject_id == world.applications[n]).order_by(_task.c.id.desc()).limit(1)).first()
            current_session().rollback()
            return found

        @rule(n=which)
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

        @rule(n=which, name=who, action=st.sampled_from(["claim", "release", "approve", "return_", "terminate", "withdraw"]))
        def act(self, n, name, action):
            task = self.newest(n)
            if task is None:
                return
            words = {"opinion": "理由"} if action in ("approve", "return_", "terminate") else {}
            with contextlib.suppress(DomainError):
                getattr(review, action)(task_id=task.id, actor=world.actors[name], **words)

        @rule(n=which, action=st.sampled_from(["claim", "approve", "recommend", "return_"]))
        def whose_turn_it_is(self, n, action):
            """The right administrator, so that cases also get somewhere."""
            task = self.newest(n)
            if task is None:
                return
            names = [name for name, actor in world.actors.items() if actor.organization_id == task.organization_id]
            actor = next((world.actors[x] for x in names if world.actors[x].user_id == task.claimed_by), world.actors[names[0]])
            with contextlib.suppress(DomainError):
                if action == "recommend":
                    self.recommend(n, "y")
                else:
                    words = {} if action == "claim" else {"opinion": "理由"}
                    getattr(review, action)(task_id=task.id, actor=actor, **words)

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

        @rule(n=which, name=who, node=st.sampled_from(["extra", "agency"]), to=st.sampled_from(["agency", "hr", "school"]))
        def by_way_of(self, n, name, node, to):
            task = self.newest(n)
            if task is not None:
                with contextlib.suppress(DomainError):
                    review.approve(task_id=task.id, actor=world.actors[name], via=Via(node, world.units[to].id))

        @rule(n=which, name=who, to=who)
        def hand_over(self, n, name, to):
            task = self.newest(n)
            if task is not None:
                with contextlib.suppress(DomainError):
                    review.hand_over(task_id=task.id, to=world.actors[to].user_id, actor=world.actors[name])

        @rule(n=which, name=who)
        def cancel(self, n, name):
            task = self.newest(n)
            if task is not None:
                with contextlib.suppress(DomainError), transaction() as session:
                    engine.cancel(session, case_id=task.case_id, actor=world.actors[name])

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
                assert states[subject_id] == expected or (expected is None and states[subject_id] in ("editing", "returned"))
            self.places_add_up(session, {case.id: case for case in cases})
            self.counters_follow(session)

        def places_add_up(self, session, cases):
            uses = session.execute(select(_use).where(_use.c.released_at.is_(None))).all()
            assert all(cases[use.case_id].state in ("open", "approved") for use in uses)
            row = session.execute(select(_level).where(_level.c.label == "副高级")).one()
            assert row.occupied == sum(use.occupies for use in uses) <= row.vacancies
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


def test_random_sequences_never_break_an_invariant(world):
    machine = machine_of(world).TestCase
    machine.settings = settings(max_examples=15, stateful_step_count=40, deadline=None, database=None,
                                suppress_health_check=list(HealthCheck))
    with system_scope():
        machine().runTest()
    assert list(verify(db.session())) == []
