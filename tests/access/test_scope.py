"""Row scope: every scoped table, seen by its owner, a stranger, the unit, another unit, an authority, and nobody."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

import models as m
from app.scope import DENY, EVERYTHING, Scope, system_scope
from app.scope_criteria import CRITERIA, PUBLIC
from app.transaction import transaction
from models.base import FabBase, utcnow
from models.integrity import IntegrityRecord
from models.refdata import LoadedRow
from tests.access.scope_world import World, visible
from tests.factories import application as make
from tests.factories import person as people
from tests.factories.rows import save

# Who sees A's row of a table, beside the platform. B's rows must be seen by none of these.
SEES_A: dict[type, set[str]] = {
    m.Person: {"person_a", "unit_a", "authority"},
    m.PersonSeries: {"person_a", "unit_a", "authority"},
    IntegrityRecord: {"person_a", "unit_a", "authority"},
    m.Employment: {"person_a", "unit_a"},
    m.Achievement: {"person_a", "unit_a"},
    m.AchievementKey: {"person_a", "unit_a"},
    m.AchievementRemark: {"person_a", "unit_a"},
    m.AchievementCounter: {"unit_a"},
    m.AchievementImport: {"person_a"},
    m.AchievementImportRow: {"person_a"},
    m.Application: {"person_a", "unit_a", "authority"},
    m.ApplicationItem: {"person_a", "unit_a", "authority"},
    m.HeldTitle: {"person_a", "unit_a", "authority"},
    m.Appointment: {"person_a", "unit_a", "authority"},
    m.Submission: {"person_a", "unit_a", "authority"},
    m.Case: {"person_a", "unit_a", "authority"},
    m.Task: {"person_a", "unit_a", "authority"},
    m.ReturnReason: {"person_a", "unit_a", "authority"},
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
    m.Appeal: {"person_a", "convener"},
    m.Publicity: {"convener"},
    m.ReviewResult: {"convener"},
    m.Document: {"person_a", "unit_a", "authority"},
    m.Export: {"person_a"},
    m.OpinionTemplate: {"person_a"},
    m.MailPreference: {"person_a"},
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
    shared = {"convener"} if model in (m.Appeal, m.Certificate, m.CommissionLetter, m.Publicity, m.ReviewResult) else set()
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


def test_every_model_is_scoped_or_declared_public() -> None:
    mapped = {mapper.class_ for mapper in FabBase.registry.mappers}
    undeclared = {
        model for model in mapped
        if not any(base in CRITERIA for base in model.__mro__) and model not in PUBLIC
    }
    assert not undeclared, "add these to CRITERIA or PUBLIC in app/scope_criteria.py"
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
