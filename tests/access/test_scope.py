"""Row scope: every scoped table, seen by its owner, a stranger, the unit, another unit, an authority, and nobody."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload, subqueryload

import models as m
from app.errors import NotAllowed
from app.extensions import db
from app.scope import CRITERIA, DENY, EVERYTHING, PUBLIC, Scope, criterion_for, scoped, system_scope
from app.transaction import transaction
from models.base import FabBase, utcnow
from models.integrity import IntegrityRecord
from models.refdata import LoadedRow
from tests.factories import application as make
from tests.factories import person as people
from tests.factories.recommendation import confirmed_quota
from tests.factories.rows import save


@dataclass
class World:
    """Two units A and B, a person in each with one row of everything, and an authority that handled A's case."""

    a: people.Unit
    b: people.Unit
    authority: people.Unit
    convener: people.Unit
    scopes: dict[str, Scope]
    rows: dict[type, dict[str, int]]  # model -> {"a": id of A's row, "b": id of B's}


@pytest.fixture
def world(app: Flask) -> World:
    a, b = people.unit("unit_a"), people.unit("unit_b")
    authority, convener = people.unit("hr", kind="hr_department"), people.unit("convener", kind="convener")
    rows: dict[type, dict[str, int]] = {model: {} for model in CRITERIA}
    scopes = {"nobody": DENY, "platform": EVERYTHING}
    plan_id = make.plan(convener.id)
    rows[m.ReviewPlan]["convener"] = make.plan(convener.id, state="draft")
    for key, unit in (("a", a), ("b", b)):
        _fill(key, unit, authority if key == "a" else unit, convener, plan_id, rows, scopes)
    for name, unit in (("unit_a", a), ("unit_b", b), ("authority", authority), ("convener", convener)):
        scopes[name] = Scope(user_id=unit.user_id, organization_id=unit.id)
        rows[m.Account][name] = unit.user_id
    return World(a, b, authority, convener, scopes, rows)


def _fill(
    key: str, unit: people.Unit, handler: people.Unit, convener: people.Unit, plan_id: int,
    rows: dict[type, dict[str, int]], scopes: dict[str, Scope],
) -> None:
    person_id = people.person(f"person_{key}", organization_id=unit.id)
    person = m.Person.__table__
    user_id = db.session.execute(select(person.c.user_id).where(person.c.id == person_id)).scalar_one()
    db.session.rollback()
    scopes[f"person_{key}"] = Scope(user_id=user_id, person_id=person_id)
    rows.setdefault(m.Account, {})[f"person_{key}"] = user_id
    achievement = make.achievement(person_id, unit.id)
    application = make.application(person_id, unit.id, plan_id, state="reviewing")
    case, tasks = make.case(
        "application", application, person_id=person_id, employer_id=unit.id, started_by=user_id,
        organizations=(unit.id, handler.id),
    )
    submission = save(m.Submission(application_id=application, run=1, snapshot={}, sha256="0" * 64))
    file_id = make.stored_file(person_id=person_id)
    quota = confirmed_quota(unit.id, unit.user_id)
    table = m.PostQuotaLevel.__table__
    level = db.session.execute(select(func.min(table.c.id)).where(table.c.quota_id == quota)).scalar_one()
    db.session.rollback()
    held_title = make.held_title(application)
    made: dict[type, int] = {
        m.Person: person_id,
        m.PersonSeries: save(m.PersonSeries(person_id=person_id, series_id=make.series(), position=1)),
        IntegrityRecord: save(IntegrityRecord(
            person_id=person_id, reason="测试", banned_from=dt.date(2020, 1, 1), banned_until=dt.date(2021, 1, 1)
        )),
        m.Employment: save(m.Employment(person_id=person_id, organization_id=unit.id, kind="registration")),
        m.Achievement: achievement,
        m.AchievementKey: save(m.AchievementKey(achievement_id=achievement, person_id=person_id, key=f"doi:{key}")),
        m.AchievementRemark: save(m.AchievementRemark(
            achievement_id=achievement, task_id=tasks[0], field_key="x", text="请核对"
        )),
        m.Application: application,
        **_import(person_id, achievement),
        m.ApplicationItem: save(m.ApplicationItem(
            application_id=application, achievement_id=achievement, page="education", data={}
        )),
        m.HeldTitle: held_title,
        m.Appointment: make.appointment(held_title),
        m.Submission: submission,
        m.Case: case,
        m.Task: tasks[0],
        m.CommissionLetter: save(m.CommissionLetter(
            organization_id=unit.id, convener_id=convener.id, plan_id=plan_id, name="委托", headcount=1,
            created_by=unit.user_id,
        )),
        m.SavedView: save(m.SavedView(user_id=user_id, page="tasks", name="急件", filters={"q": "急"})),
        m.Substitution: save(m.Substitution(
            organization_id=unit.id, user_id=unit.user_id, substitute_id=handler.user_id if key == "a" else user_id,
            begins_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 1, 2),
        )),
        m.PostQuota: quota,
        m.PostQuotaLevel: level,
        m.QuotaUse: save(m.QuotaUse(
            case_id=case, application_id=application, organization_id=unit.id, level_id=level, occupies=True,
            created_by=unit.user_id,
        )),
        m.Recommendation: save(m.Recommendation(case_id=case, application_id=application, organization_id=unit.id)),
        m.Certificate: make.certificate(person_id, convener.id, convener.id),
        m.OpinionTemplate: save(m.OpinionTemplate(user_id=user_id, action="approve", text="同意")),
        m.Notification: save(m.Notification(user_id=user_id, key=f"n{key}", title="通知")),
        m.Attachment: make.attachment(file_id, "submission", submission),
        m.StoredFile: file_id,
        m.PersonalRequest: save(m.PersonalRequest(
            kind="reissue", person_id=person_id, employer_id=unit.id, state="reviewing", snapshot={}, submitted_at=utcnow())),
        m.Publicity: save(m.Publicity(
            plan_id=plan_id, convener_id=convener.id, starts_on=dt.date(2026, 5, 1), ends_on=dt.date(2026, 5, 20), place="网站")),
        m.ReviewResult: save(m.ReviewResult(
            application_id=application, plan_id=plan_id, convener_id=convener.id, members=3, present=3, agree=3, against=0, abstain=0,
            outcome="passed", met_on=dt.date(2026, 5, 1))),
        m.Document: save(m.Document(kind="review_form", subject_type="application", subject_id=application, run=1,
                                    cache_key="k", person_id=person_id)),
        m.AccountIdentity: save(m.AccountIdentity(account_id=user_id, provider="gov", subject=key)),
    }
    for model, pk in made.items():
        rows[model][key] = pk
    rows[m.TaskCounter][key] = save(m.TaskCounter(
        organization_id=unit.id, procedure="application", pile="waiting", n=1
    ))


def _import(person_id: int, achievement_id: int) -> dict[type, int]:
    with system_scope():
        item = db.session.get(m.Achievement, achievement_id)
        made = save(m.AchievementImport(
            person_id=person_id, kind_id=item.kind_id, kind_version_id=item.kind_version_id, file_name="x.xlsx"
        ))
    db.session.rollback()
    return {
        m.AchievementImport: made,
        m.AchievementImportRow: save(m.AchievementImportRow(import_id=made, number=2, cells={})),
    }


def visible(model: type, scope: Scope) -> set[int]:
    db.session.expunge_all()
    with scoped(scope):
        return set(db.session.scalars(select(model.id)))  # type: ignore[attr-defined]


# Who sees A's row of a table, beside the platform. B's rows must be seen by none of these.
SEES_A: dict[type, set[str]] = {
    m.Person: {"person_a", "unit_a", "authority"},
    m.PersonSeries: {"person_a", "unit_a", "authority"},
    IntegrityRecord: {"person_a", "unit_a", "authority"},
    m.Employment: {"person_a", "unit_a"},
    m.Achievement: {"person_a", "unit_a"},
    m.AchievementKey: {"person_a", "unit_a"},
    m.AchievementRemark: {"person_a", "unit_a"},
    m.AchievementImport: {"person_a"},
    m.AchievementImportRow: {"person_a"},
    m.Application: {"person_a", "unit_a", "authority"},
    m.ApplicationItem: {"person_a", "unit_a", "authority"},
    m.HeldTitle: {"person_a", "unit_a", "authority"},
    m.Appointment: {"person_a", "unit_a", "authority"},
    m.Submission: {"person_a", "unit_a", "authority"},
    m.Case: {"person_a", "unit_a", "authority"},
    m.Task: {"person_a", "unit_a", "authority"},
    m.TaskCounter: {"unit_a"},
    m.PostQuota: {"unit_a"},
    m.PostQuotaLevel: {"unit_a"},
    m.QuotaUse: {"unit_a"},
    m.Recommendation: {"unit_a", "authority"},
    m.CommissionLetter: {"unit_a", "convener"},
    m.SavedView: {"person_a"},
    m.Substitution: {"unit_a"},
    m.Certificate: {"person_a", "convener"},
    m.PersonalRequest: {"person_a", "unit_a"},
    m.Publicity: {"convener"},
    m.ReviewResult: {"convener"},
    m.Document: {"person_a", "unit_a", "authority"},
    m.OpinionTemplate: {"person_a"},
    m.Notification: {"person_a"},
    m.Attachment: {"person_a", "unit_a", "authority"},
    m.StoredFile: {"person_a"},
    m.AccountIdentity: {"person_a"},
}
EVERYBODY = ("person_a", "person_b", "unit_a", "unit_b", "authority", "convener", "nobody")


@pytest.mark.parametrize("model", SEES_A, ids=lambda model: model.__name__)
def test_a_row_is_seen_by_its_own_people_only(world: World, model: type) -> None:
    row = world.rows[model]
    seen_by = {who for who in EVERYBODY if row["a"] in visible(model, world.scopes[who])}
    assert seen_by == SEES_A[model]
    shared = {"convener"} if model in (m.Certificate, m.CommissionLetter, m.Publicity, m.ReviewResult) else set()
    seeing_b = {who for who in EVERYBODY if row["b"] in visible(model, world.scopes[who])}
    assert not seeing_b & (SEES_A[model] - shared), "A's people see a row of B"
    assert visible(model, world.scopes["platform"]) >= {row["a"], row["b"]}


MACHINERY = (
    m.AuditEvent, m.AuditAnchor, m.Job, m.WebSession, m.SignOn, m.QrSignIn, m.CertificateSequence, m.Seal, LoadedRow,
)


@pytest.mark.parametrize("model", MACHINERY)
def test_machinery_is_seen_by_the_platform_only(app: Flask, model: type) -> None:
    rows = {
        m.AuditEvent: lambda: m.AuditEvent(
            subject_type="x", subject_id=1, seq=1, event="x", actor_name="", previous_hash="", hash=""
        ),
        m.AuditAnchor: lambda: m.AuditAnchor(last_event_id=1, events=1, digest="", previous_digest=""),
        m.Job: lambda: m.Job(kind="x", key="x"),
        m.WebSession: lambda: m.WebSession(session_id="x", data=b"", expires_at=utcnow()),
        m.Seal: lambda: m.Seal(
            organization_id=people.unit("sealed").id, name="x", p12="x", picture="x", certificate=b"x", valid_until=utcnow()
        ),
        m.SignOn: lambda: m.SignOn(
            state_digest="x", browser_digest="x", provider="gov", nonce="x", verifier="x", expires_at=utcnow()
        ),
        m.QrSignIn: lambda: m.QrSignIn(
            code_digest="x", browser_digest="x", check_digits="1234", origin="", expires_at=utcnow()
        ),
        m.CertificateSequence: lambda: m.CertificateSequence(prefix="x"),
        LoadedRow: lambda: LoadedRow(table_name="x", key="x", digest="x"),
    }
    made = save(rows[model]())
    assert visible(model, EVERYTHING) == {made}
    assert visible(model, Scope(user_id=1, person_id=1, organization_id=1)) == set()


def test_accounts_are_seen_by_themselves_and_their_colleagues(world: World) -> None:
    colleague = people.account("unit_a2", role="Employer", organization_id=world.a.id)
    assert visible(m.Account, world.scopes["unit_a"]) == {world.a.user_id, colleague}
    assert visible(m.Account, world.scopes["person_a"]) == {world.rows[m.Account]["person_a"]}
    assert visible(m.Account, DENY) == set()


def test_drafts_of_plans_are_the_conveners(world: World) -> None:
    draft = world.rows[m.ReviewPlan]["convener"]
    assert draft in visible(m.ReviewPlan, world.scopes["convener"])
    assert draft not in visible(m.ReviewPlan, world.scopes["person_a"]) | visible(m.ReviewPlan, world.scopes["unit_a"])
    assert visible(m.ReviewPlan, DENY), "published plans are public"


def test_drafts_of_notices_are_the_platforms(app: Flask) -> None:
    shown, draft = (
        save(m.Notice(title="通知", body="<p>正文</p>", published_on=dt.date(2026, 1, 1), state=state))
        for state in ("published", "draft")
    )
    assert visible(m.Notice, DENY) == {shown}
    assert visible(m.Notice, EVERYTHING) == {shown, draft}


def test_the_unit_does_not_see_drafts_and_unsubmitted_applications(world: World) -> None:
    person_id = world.rows[m.Person]["a"]
    draft = make.achievement(person_id, world.a.id, state="draft")
    editing = make.application(person_id, world.a.id, make.plan(world.convener.id))
    file_id = make.stored_file(person_id=person_id)
    attached = {make.attachment(file_id, "achievement", draft), make.attachment(file_id, "application", editing)}
    for scope, expected in ((world.scopes["unit_a"], False), (world.scopes["person_a"], True)):
        assert (draft in visible(m.Achievement, scope)) is expected
        assert (editing in visible(m.Application, scope)) is expected
        assert (attached <= visible(m.Attachment, scope)) is expected


def test_photos_and_certificate_files_follow_their_person(world: World) -> None:
    photo = make.stored_file()
    with system_scope(), transaction() as session:
        session.get(m.Person, world.rows[m.Person]["a"]).photo_id = photo
    assert photo in visible(m.StoredFile, world.scopes["unit_a"])
    assert photo in visible(m.StoredFile, world.scopes["authority"])
    assert photo not in visible(m.StoredFile, world.scopes["unit_b"])


def _ways_to_reach_b(world: World) -> dict[str, Any]:
    """Statements of every shape that a leak could hide in; each must find nothing of B for A's administrator."""
    person_b, task_b = world.rows[m.Person]["b"], world.rows[m.Task]["b"]
    other = aliased(m.Person)
    session = db.session
    return {
        "get": lambda: session.get(m.Person, person_b),
        "query": lambda: session.query(m.Person).filter_by(id=person_b).all(),
        "alias": lambda: session.scalars(select(other).where(other.id == person_b)).all(),
        "columns": lambda: session.execute(select(m.Person.name).where(m.Person.id == person_b)).all(),
        "count": lambda: session.scalar(select(func.count()).select_from(m.Task).where(m.Task.id == task_b)),
        "join": lambda: session.scalars(
            select(m.Organization.id).join(m.Person, m.Person.organization_id == m.Organization.id)
            .where(m.Person.id == person_b)
        ).all(),
        "subquery": lambda: session.scalars(
            select(m.Organization.id).where(m.Organization.id.in_(
                select(m.Person.organization_id).where(m.Person.id == person_b)
            ))
        ).all(),
        "has": lambda: session.scalars(
            select(m.Organization.id).where(select(m.Person.id).where(
                m.Person.organization_id == m.Organization.id, m.Person.id == person_b
            ).exists())
        ).all(),
        "exists": lambda: session.scalar(select(select(m.Task.id).where(m.Task.id == task_b).exists())),
        "union": lambda: session.execute(
            select(m.Person.id).where(m.Person.id == person_b).union(select(m.Task.id).where(m.Task.id == task_b))
        ).all(),
        "cte": lambda: session.execute(
            select(select(m.Person.id).where(m.Person.id == person_b).cte())
        ).all(),
    }


WAYS = ("get", "query", "alias", "columns", "count", "join", "subquery", "has", "exists", "union", "cte")


@pytest.mark.parametrize("way", WAYS)
def test_no_shape_of_statement_reaches_a_foreign_row(world: World, way: str) -> None:
    db.session.expunge_all()
    with scoped(EVERYTHING):
        assert _ways_to_reach_b(world)[way](), "the statement finds the row when it may"
    db.session.expunge_all()
    with scoped(world.scopes["unit_a"]):
        assert not _ways_to_reach_b(world)[way]()


@pytest.mark.parametrize("loading", [joinedload, selectinload, subqueryload, contains_eager, None])
def test_relationships_load_within_the_scope(world: World, loading: Any) -> None:
    """A public row leads to scoped ones by a relationship: the application's items, a task's case."""
    application = world.rows[m.Application]["a"]
    foreign_person = people.person("person_c", organization_id=world.b.id)
    with system_scope(), transaction() as session:  # a broken row: A's application names B's person
        session.get(m.Application, application).person_id = foreign_person
    db.session.expunge_all()
    statement = select(m.Application).where(m.Application.id == application)
    if loading is contains_eager:
        statement = statement.outerjoin(m.Application.person)
    if loading is not None:
        statement = statement.options(loading(m.Application.person))
    with scoped(world.scopes["unit_a"]):
        found = db.session.scalars(statement).one()
        assert found.person is None
        db.session.expunge_all()
    with system_scope():
        assert db.session.scalars(statement).one().person is not None


def test_a_row_loaded_under_one_scope_loads_its_relations_under_the_next(world: World) -> None:
    application = world.rows[m.Application]["b"]
    db.session.expunge_all()
    with system_scope():
        row = db.session.get(m.Application, application)
    with scoped(world.scopes["unit_a"]):
        assert row.items == []
        assert row.person is None


def test_every_model_is_scoped_or_declared_public() -> None:
    mapped = {mapper.class_ for mapper in FabBase.registry.mappers}
    undeclared = {
        model for model in mapped
        if not any(base in CRITERIA for base in model.__mro__) and model not in PUBLIC
    }
    assert not undeclared, "add these to CRITERIA or PUBLIC in app/scope.py"
    assert not PUBLIC & set(CRITERIA)
    covered = {*SEES_A, *MACHINERY, m.ReviewPlan, m.Notice}
    untested = {model for model in CRITERIA if model.__module__.startswith("models.")} - covered
    assert not untested, "say in SEES_A who may see these"


def test_no_relationship_joins_eagerly_by_default() -> None:
    """The hook reads which tables a statement names; a default eager join would bring in one it does not."""
    joining = [
        f"{mapper.class_.__name__}.{relation.key}"
        for mapper in FabBase.registry.mappers for relation in mapper.relationships
        if relation.lazy in ("joined", False, "subquery") and any(b in CRITERIA for b in relation.mapper.class_.__mro__)
    ]
    assert joining == []


def test_core_statements_can_use_the_same_criterion(world: World) -> None:
    table = m.Task.__table__
    statement = select(table.c.id).where(criterion_for(m.Task, world.scopes["unit_b"]))
    assert set(db.session.execute(statement).scalars()) == visible(m.Task, world.scopes["unit_b"])


# Writing


def test_a_foreign_row_cannot_be_changed_however_it_was_loaded(world: World) -> None:
    pk = world.rows[m.Achievement]["b"]
    with pytest.raises(NotAllowed):
        _write(world.scopes["unit_a"], m.Achievement, pk, lambda session, row: setattr(row, "summary", "改写"))
    assert _value(m.Achievement, pk, "summary") != "改写"


def test_a_foreign_row_cannot_be_deleted(world: World) -> None:
    pk = world.rows[m.Notification]["b"]
    with pytest.raises(NotAllowed):
        _write(world.scopes["person_a"], m.Notification, pk, lambda session, row: session.delete(row))
    assert _value(m.Notification, pk, "id") == pk


def _write(scope: Scope, model: Any, pk: int, change: Any) -> None:
    """Change a row under a scope, after loading it under the platform's."""
    with scoped(scope), transaction() as session:
        with system_scope():
            row = session.get(model, pk)
        change(session, row)


def test_a_row_cannot_be_inserted_for_somebody_else(world: World) -> None:
    other = world.rows[m.Account]["person_b"]
    with pytest.raises(NotAllowed), scoped(world.scopes["person_a"]), transaction() as session:
        session.add(m.Notification(user_id=other, key="forged", title="伪造"))
    with system_scope():
        assert db.session.scalar(select(m.Notification.id).where(m.Notification.key == "forged")) is None


def test_an_own_row_cannot_be_moved_to_somebody_else(world: World) -> None:
    pk, other = world.rows[m.Notification]["a"], world.rows[m.Account]["person_b"]
    with pytest.raises(NotAllowed), scoped(world.scopes["person_a"]), transaction() as session:
        session.get(m.Notification, pk).user_id = other
    assert _value(m.Notification, pk, "user_id") == world.rows[m.Account]["person_a"]


def test_own_rows_are_written_freely(world: World) -> None:
    pk = world.rows[m.Achievement]["a"]
    with scoped(world.scopes["person_a"]), transaction() as session:
        session.get(m.Achievement, pk).summary = "新的摘要"
        session.add(m.Notification(user_id=world.rows[m.Account]["person_a"], key="own", title="通知"))
    assert _value(m.Achievement, pk, "summary") == "新的摘要"


def _value(model: Any, pk: int, column: str) -> Any:
    table = model.__table__
    with db.engine.connect() as connection:
        return connection.execute(select(table.c[column]).where(table.c.id == pk)).scalar_one()
