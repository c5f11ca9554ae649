"""Row-level scope: which rows the current actor may know of, applied to every ORM SELECT.

The scope is a plain value in a context variable. **Unset means deny**: a scoped table then yields no rows, whoever
asks. Requests set it from the signed-in account; jobs, commands and tests say `with system_scope():`.
ORM writes are held to the same line: a flush that would insert, change or delete a row outside the scope is refused.
Neither covers Core statements, bulk UPDATE/DELETE or raw SQL: services that use them compare the owner columns
themselves (`criterion_for`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

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
from sqlalchemy import ColumnElement, Table, and_, event, false, inspect, or_, select, true
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.sql.visitors import ExternallyTraversible, iterate

import models as m
from app.actor import Actor
from app.errors import NotAllowed
from models.integrity import IntegrityRecord
from models.personal_request import REQUEST_KINDS
from models.refdata import LoadedRow


@dataclass(frozen=True)
class Scope:
    """`everything`: system and platform staff. Otherwise the ids that own rows; a missing one owns nothing."""

    everything: bool = False
    user_id: int | None = None
    person_id: int | None = None
    organization_id: int | None = None


DENY = Scope()
EVERYTHING = Scope(everything=True)
_current: ContextVar[Scope] = ContextVar("row_scope", default=DENY)
_task = m.Task.__table__
_table_of_applications = m.Application.__table__
_table_of_achievements = m.Achievement.__table__


def scope_of(actor: Actor) -> Scope:
    """The scope an actor works in."""
    if actor.is_system or actor.is_platform:
        return EVERYTHING
    return Scope(user_id=actor.user_id, person_id=actor.person_id, organization_id=actor.organization_id)


def current_scope() -> Scope:
    """The scope in force; DENY unless somebody set one."""
    return _current.get()


def set_scope(scope: Scope) -> Token[Scope]:
    """Set the scope for the rest of this context (a request); `restore_scope` takes the token back."""
    return _current.set(scope)


def restore_scope(token: Token[Scope]) -> None:
    """Undo `set_scope`. In another context than the one that set it (a streamed answer) nothing is owed: deny."""
    try:
        _current.reset(token)
    except ValueError:
        _current.set(DENY)


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Run a block under another scope."""
    token = _current.set(scope)
    try:
        yield
    finally:
        _current.reset(token)


def system_scope() -> Any:
    """`with system_scope():` for jobs, commands, and look-ups that check the owner themselves."""
    return scoped(EVERYTHING)

Criterion = Callable[[Any, Scope], ColumnElement[bool]]


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
    IntegrityRecord: _of_person_in_sight,
    m.Employment: _employment,
    m.Achievement: _achievement,
    m.AchievementKey: lambda t, s: t.achievement_id.in_(_achievements(s)),
    m.AchievementRemark: lambda t, s: t.achievement_id.in_(_achievements(s)),
    m.AchievementImport: lambda t, s: _mine(t.person_id, s.person_id),
    m.AchievementImportRow: _import_row,
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
    m.Committee, m.Holiday, m.Jurisdiction, m.Organization, m.OrganizationRole, m.PlanCheck, m.PlanLevel, m.PlanOffering, m.Pledge, m.Region,
    m.ReviewStandard, m.RouteForm, m.RouteRule, m.RouteStep, m.SeriesForm, m.Setting, m.Specialty, m.StandardGroup, m.StandardItem, m.StandardSection, m.Title, m.TitleLevel,
    m.TitleSeries, Group, Permission, PermissionView, Role, ViewMenu,
})


def criterion_for(model: type, scope: Scope) -> ColumnElement[bool]:
    """The WHERE clause of one scoped table, for Core statements that bypass the ORM hook."""
    return true() if scope.everything else CRITERIA[model](model, scope)


def _table(model: type) -> Table:
    return cast(Table, cast(Any, model).__table__)


@lru_cache(maxsize=512)
def _options(scope: Scope, joined: bool) -> dict[str, list[Any]]:
    """Loader criteria by table name. Only for eager joins (SQLAlchemy asks for it there) are they handed on to the
    loads an object makes later: otherwise each of those comes by here itself, under its own scope."""
    options: dict[str, list[Any]] = {}
    for model, criterion in CRITERIA.items():
        options.setdefault(_table(model).name, []).append(
            with_loader_criteria(model, criterion(model, scope), include_aliases=True, propagate_to_loaders=joined)
        )
    return options


_JOINING = {("lazy", "joined"), ("lazy", "subquery")}  # these pull in tables the statement itself does not name


def _joins_by_option(statement: Any) -> bool:
    for option in getattr(statement, "_with_options", ()):
        for element in getattr(option, "context", ()):
            if _JOINING & set(getattr(element, "strategy", None) or ()):
                return True
    return False


@event.listens_for(Session, "do_orm_execute")
def _apply_scope(state: ORMExecuteState) -> None:
    """Narrow every ORM SELECT, lazy loads included. Refreshing a row that is already in the session is none.

    Only the criteria of tables the statement names are added: each costs 40 µs, named or not.
    """
    if not state.is_select or state.is_column_load:
        return
    scope = _current.get()
    if scope.everything or state.execution_options.get("unscoped"):
        return
    joined = _joins_by_option(state.statement)
    options = _options(scope, joined)
    if joined:
        names = set(options)
    else:
        names = {element.name for element in iterate(cast(ExternallyTraversible, state.statement)) if isinstance(element, TableClause)}
    chosen = [option for name in sorted(names & options.keys()) for option in options[name]]
    if chosen:
        state.statement = state.statement.options(*chosen)


_WRITTEN = "zhicheng_written_rows"


@event.listens_for(Session, "before_flush")
def _guard_changes(session: Session, context: Any, instances: Any) -> None:
    """Refuse the ORM update or delete of a row that the scope does not know of, however it came into the session."""
    scope = _current.get()
    if scope.everything:
        return
    changed = [row for row in session.dirty if session.is_modified(row)]
    _require_in_scope(session, scope, [*changed, *session.deleted])
    session.info[_WRITTEN] = [*changed, *session.new]


@event.listens_for(Session, "after_flush")
def _guard_results(session: Session, context: Any) -> None:
    """Refuse inserts outside the scope, and updates that move a row out of it; the transaction rolls back."""
    written = session.info.pop(_WRITTEN, [])
    scope = _current.get()
    if not scope.everything:
        _require_in_scope(session, scope, written)


def _require_in_scope(session: Session, scope: Scope, rows: list[Any]) -> None:
    """Each row, by its key, must satisfy its table's criterion. Read over Core: no hook, no autoflush."""
    keys: dict[type, set[int]] = {}
    for row in rows:
        model = next((base for base in type(row).__mro__ if base in CRITERIA), None)
        if model is not None:
            keys.setdefault(model, set()).add(inspect(row).identity[0] if inspect(row).identity else row.id)
    for model, wanted in keys.items():
        columns = _table(model).c
        statement = select(columns.id).where(columns.id.in_(wanted), CRITERIA[model](columns, scope))
        if set(session.connection().execute(statement).scalars()) != wanted:
            raise NotAllowed("这条记录不属于您，不能修改。")
