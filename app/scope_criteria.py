"""Which rows of each table belong to a scope: one line a table in CRITERIA, or a name in PUBLIC.

`app/scope.py` adds these to every ORM SELECT and holds every flush to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from flask_appbuilder.security.sqla.models import (
    ApiKey,
    Group,
    Permission,
    PermissionView,
    RegisterUser,
    Role,
    User,
    ViewMenu,
)
from sqlalchemy import ColumnElement, and_, false, or_, select

import models as m
from models.integrity import IntegrityRecord
from models.personal_request import REQUEST_KINDS
from models.refdata import LoadedRow

if TYPE_CHECKING:
    from app.scope import Scope

_task = m.Task.__table__
_table_of_applications = m.Application.__table__
_table_of_achievements = m.Achievement.__table__

Criterion = Callable[[Any, "Scope"], ColumnElement[bool]]


def _mine(column: Any, value: int | None) -> ColumnElement[bool]:
    return false() if value is None else column == value


def _handled(scope: Scope, column: Any, subject_type: str | None = None) -> Any:
    """`column` of every task that came to the scope's organization; the subqueries name Core tables, not entities."""
    statement = select(column).where(_mine(_task.c.organization_id, scope.organization_id))
    return statement if subject_type is None else statement.where(_task.c.subject_type == subject_type)


def _application(t: Any, scope: Scope) -> ColumnElement[bool]:
    return or_(
        _mine(t.person_id, scope.person_id),
        and_(_mine(t.employer_id, scope.organization_id), t.state != "editing"),
        t.id.in_(_handled(scope, _task.c.subject_id, "application")),
    )


def _applications(scope: Scope) -> Any:
    return select(_table_of_applications.c.id).where(_application(_table_of_applications.c, scope))


def _held_titles(scope: Scope) -> Any:
    held = m.HeldTitle.__table__.c
    return select(held.id).where(held.application_id.in_(_applications(scope)))


def _achievement(t: Any, scope: Scope) -> ColumnElement[bool]:
    return or_(
        _mine(t.person_id, scope.person_id),
        and_(_mine(t.organization_id, scope.organization_id), t.state != "draft"),
        t.id.in_(_handled(scope, _task.c.subject_id, "achievement")),
    )


def _achievements(scope: Scope) -> Any:
    return select(_table_of_achievements.c.id).where(_achievement(_table_of_achievements.c, scope))


def _import_row(t: Any, scope: Scope) -> ColumnElement[bool]:
    of = m.AchievementImport.__table__.c
    return t.import_id.in_(select(of.id).where(_mine(of.person_id, scope.person_id)))


def _person(t: Any, scope: Scope) -> ColumnElement[bool]:
    return or_(
        _mine(t.id, scope.person_id), _mine(t.organization_id, scope.organization_id),
        t.id.in_(_handled(scope, _task.c.person_id)),
    )


def _certificate(t: Any, scope: Scope) -> ColumnElement[bool]:
    return or_(
        _mine(t.person_id, scope.person_id), _mine(t.issuer_id, scope.organization_id),
        _mine(t.convener_id, scope.organization_id),
    )


def _stored_file(t: Any, scope: Scope) -> ColumnElement[bool]:
    """Own uploads; photos of people and files of certificates in sight. Evidence is reached by its attachment."""
    person, certificate = m.Person.__table__.c, m.Certificate.__table__.c
    document = m.Document.__table__.c
    return or_(
        _mine(t.person_id, scope.person_id), _mine(t.organization_id, scope.organization_id),
        t.id.in_(select(person.photo_id).where(_person(person, scope))),
        t.id.in_(select(certificate.file_id).where(_certificate(certificate, scope))),
        t.id.in_(select(document.file_id).where(_document(document, scope))),
    )


def _attachment(t: Any, scope: Scope) -> ColumnElement[bool]:
    submission, recommendation = m.Submission.__table__.c, m.Recommendation.__table__.c
    letter = m.CommissionLetter.__table__.c
    record, appeal = IntegrityRecord.__table__.c, m.Appeal.__table__.c
    plan, slot = m.ReviewPlan.__table__.c, m.AttachmentSlot.__table__.c
    plans = select(plan.id).where(_review_plan(plan, scope))
    submissions = select(submission.id).where(submission.application_id.in_(_applications(scope)))
    return or_(
        _mine(t.person_id, scope.person_id),
        and_(t.subject_type == "achievement", t.subject_id.in_(_achievements(scope))),
        and_(t.subject_type == "application", t.subject_id.in_(_applications(scope))),
        and_(t.subject_type == "submission", t.subject_id.in_(submissions)),
        and_(t.subject_type == "recommendation", t.subject_id.in_(
            select(recommendation.id).where(_recommendation(recommendation, scope)))),
        and_(t.subject_type == "commission_letter", t.subject_id.in_(
            select(letter.id).where(_commission(letter, scope)))),
        and_(t.subject_type == "post_quota", t.subject_id.in_(_quotas(scope))),
        and_(t.subject_type == "integrity_record", t.subject_id.in_(
            select(record.id).where(_mine(record.organization_id, scope.organization_id)))),
        and_(t.subject_type == "appeal", t.subject_id.in_(select(appeal.id).where(_appeal(appeal, scope)))),
        *(and_(t.subject_type == kind, t.subject_id.in_(_requests(scope, kind))) for kind in REQUEST_KINDS),
        and_(t.subject_type == "plan", t.subject_id.in_(plans)),
        and_(t.subject_type == "plan_slot", t.subject_id.in_(select(slot.id).where(slot.plan_id.in_(plans)))),
    )


def _request(t: Any, scope: Scope) -> ColumnElement[bool]:
    return or_(
        _mine(t.person_id, scope.person_id),
        and_(_mine(t.employer_id, scope.organization_id), t.state != "editing"),
        and_(t.kind == "recognition", t.id.in_(_handled(scope, _task.c.subject_id, "recognition"))),
        and_(t.kind == "reissue", t.id.in_(_handled(scope, _task.c.subject_id, "reissue"))),
    )


def _requests(scope: Scope, kind: str) -> Any:
    table = m.PersonalRequest.__table__.c
    return select(table.id).where(table.kind == kind, _request(table, scope))


def _export(t: Any, scope: Scope) -> ColumnElement[bool]:
    """The account's, while it acts for the person or organization it asked as."""
    return and_(
        _mine(t.user_id, scope.user_id), t.person_id.is_not_distinct_from(scope.person_id),
        t.organization_id.is_not_distinct_from(scope.organization_id),
    )


def _document(t: Any, scope: Scope) -> ColumnElement[bool]:
    """Drafts are their person's; an organization's archives its own; a form goes with its subject."""
    return or_(
        _mine(t.person_id, scope.person_id), _mine(t.organization_id, scope.organization_id),
        and_(
            t.is_draft.is_(False), t.organization_id.is_(None),
            or_(
                and_(t.subject_type == "application", t.subject_id.in_(_applications(scope))),
                *(and_(t.subject_type == kind, t.subject_id.in_(_requests(scope, kind))) for kind in REQUEST_KINDS),
            ),
        ),
    )


def _case(t: Any, scope: Scope) -> ColumnElement[bool]:
    return or_(
        _mine(t.person_id, scope.person_id), _mine(t.employer_id, scope.organization_id),
        t.id.in_(_handled(scope, _task.c.case_id)),
    )


def _recommendation(t: Any, scope: Scope) -> ColumnElement[bool]:
    """The unit that wrote it, and whoever the case came to; not the applicant."""
    return or_(_mine(t.organization_id, scope.organization_id), t.case_id.in_(_handled(scope, _task.c.case_id)))


def _commission(t: Any, scope: Scope) -> ColumnElement[bool]:
    """Who sent the letter and to whom it was sent."""
    return or_(_mine(t.organization_id, scope.organization_id), _mine(t.convener_id, scope.organization_id))


def _integrity(t: Any, scope: Scope) -> ColumnElement[bool]:
    """The records of people in sight, and those the own organization made; their evidence is for the latter alone."""
    return or_(_of_person_in_sight(t, scope), _mine(t.organization_id, scope.organization_id))


def _appeal(t: Any, scope: Scope) -> ColumnElement[bool]:
    """The person who asked and who decides."""
    return or_(_mine(t.person_id, scope.person_id), _mine(t.organization_id, scope.organization_id))


def _quotas(scope: Scope) -> Any:
    quota = m.PostQuota.__table__.c
    return select(quota.id).where(_mine(quota.organization_id, scope.organization_id))


def _employment(t: Any, scope: Scope) -> ColumnElement[bool]:
    return or_(
        _mine(t.person_id, scope.person_id), _mine(t.organization_id, scope.organization_id),
        t.id.in_(_handled(scope, _task.c.subject_id, "employment")),
    )


def _account(t: Any, scope: Scope) -> ColumnElement[bool]:
    """One's own and the colleagues' of the same organization; by subquery, as FAB's class lacks our columns."""
    account = m.Account.__table__.c
    return t.id.in_(select(account.id).where(
        or_(_mine(account.id, scope.user_id), _mine(account.organization_id, scope.organization_id))
    ))


def _of_person_in_sight(t: Any, scope: Scope) -> ColumnElement[bool]:
    person = m.Person.__table__.c
    return t.person_id.in_(select(person.id).where(_person(person, scope)))


def _review_plan(t: Any, scope: Scope) -> ColumnElement[bool]:
    """Everybody may read what was published; drafts are the convener's."""
    return or_(t.state != "draft", _mine(t.convener_id, scope.organization_id))


def _notice(t: Any, scope: Scope) -> ColumnElement[bool]:
    """Everybody may read what was published."""
    return cast("ColumnElement[bool]", t.state == "published")


def _nobody(t: Any, scope: Scope) -> ColumnElement[bool]:
    """Read by the platform only."""
    return false()


# One line a table: the rows that belong to a scope.
CRITERIA: dict[type, Criterion] = {
    User: _account,  # and m.Account, its subclass
    m.Person: _person,
    m.PersonSeries: _of_person_in_sight,
    IntegrityRecord: _integrity,
    m.Appeal: _appeal,
    m.Employment: _employment,
    m.Achievement: _achievement,
    m.AchievementKey: lambda t, s: t.achievement_id.in_(_achievements(s)),
    m.AchievementRemark: lambda t, s: t.achievement_id.in_(_achievements(s)),
    m.AchievementImport: lambda t, s: _mine(t.person_id, s.person_id),
    m.AchievementImportRow: _import_row,
    m.AchievementCounter: lambda t, s: _mine(t.organization_id, s.organization_id),
    m.Application: _application,
    m.ApplicationItem: lambda t, s: t.application_id.in_(_applications(s)),
    m.HeldTitle: lambda t, s: t.application_id.in_(_applications(s)),
    m.Appointment: lambda t, s: t.held_title_id.in_(_held_titles(s)),
    m.Submission: lambda t, s: t.application_id.in_(_applications(s)),
    m.Case: _case,
    m.Task: lambda t, s: or_(
        _mine(t.person_id, s.person_id), _mine(t.organization_id, s.organization_id),
        t.case_id.in_(_handled(s, _task.c.case_id)),
    ),
    m.ReturnReason: lambda t, s: t.task_id.in_(select(_task.c.id).where(
        or_(_mine(_task.c.person_id, s.person_id), _task.c.case_id.in_(_handled(s, _task.c.case_id))))),
    m.TaskCounter: lambda t, s: _mine(t.organization_id, s.organization_id),
    m.CommissionLetter: _commission,
    m.SavedView: lambda t, s: _mine(t.user_id, s.user_id),
    m.Substitution: lambda t, s: _mine(t.organization_id, s.organization_id),
    m.PostQuota: lambda t, s: _mine(t.organization_id, s.organization_id),
    m.PostQuotaLevel: lambda t, s: t.quota_id.in_(_quotas(s)),
    m.QuotaUse: lambda t, s: _mine(t.organization_id, s.organization_id),
    m.Recommendation: _recommendation,
    m.Certificate: _certificate,
    m.PersonalRequest: _request,
    m.Seal: _nobody,
    m.ReviewResult: lambda t, s: _mine(t.convener_id, s.organization_id),
    m.Publicity: lambda t, s: _mine(t.convener_id, s.organization_id),
    m.Document: _document,
    m.Export: _export,
    m.MailPreference: lambda t, s: _mine(t.user_id, s.user_id),
    m.Notification: lambda t, s: _mine(t.user_id, s.user_id),
    m.OpinionTemplate: lambda t, s: or_(t.user_id.is_(None), _mine(t.user_id, s.user_id)),
    m.Attachment: _attachment,
    m.StoredFile: _stored_file,
    m.ReviewPlan: _review_plan,
    m.Notice: _notice,
    m.AuditEvent: _nobody,
    m.AuditAnchor: _nobody,
    m.CertificateSequence: _nobody,
    m.Job: _nobody,
    m.WebSession: _nobody,
    m.SignOn: _nobody,
    m.QrSignIn: _nobody,
    m.AccountIdentity: lambda t, s: _mine(t.account_id, s.user_id),
    LoadedRow: _nobody,
    ApiKey: _nobody,
    RegisterUser: _nobody,
}

# Dictionaries and settings: whoever may open the screen may read every row. A new model belongs here or above.
PUBLIC: frozenset[type] = frozenset({
    m.AchievementCategory, m.AchievementKind, m.AchievementKindVersion, m.AttachmentSlot, m.CodeItem, m.CodeTable,
    m.Committee, m.Holiday, m.Jurisdiction, m.Organization, m.OrganizationRole, m.PlanCheck, m.PlanForm, m.PlanLevel, m.PlanOffering, m.Pledge, m.Region,
    m.ReviewStandard, m.RouteForm, m.RouteRule, m.RouteStep, m.SeriesForm, m.Setting, m.Specialty, m.StandardGroup, m.StandardItem, m.StandardSection, m.Title, m.TitleLevel,
    m.TitleSeries, Group, Permission, PermissionView, Role, ViewMenu,
})
