"""Two units with a row of every scoped table each: the fixture `world` of the tests of the row scope."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select

import models as m
from app.extensions import db
from app.scope import DENY, EVERYTHING, Scope, scoped, system_scope
from app.scope_criteria import CRITERIA
from models.base import utcnow
from models.integrity import IntegrityRecord
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


def build() -> World:
    """Everything that a scoped table can hold, once for A and once for B."""
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
        m.Appeal: save(m.Appeal(
            ground="result", person_id=person_id, organization_id=convener.id, application_id=application, reason="请复查")),
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
        m.ReturnReason: save(m.ReturnReason(task_id=tasks[0], position=1, page="basic", text="请核对")),
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
        m.MailPreference: save(m.MailPreference(user_id=user_id, mode="daily")),
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
        m.Export: save(m.Export(
            user_id=user_id, person_id=person_id, kind="x", params={}, digest="x", language="zh", title="x", expires_at=utcnow())),
        m.Document: save(m.Document(kind="review_form", subject_type="application", subject_id=application, run=1,
                                    cache_key="k", person_id=person_id)),
        m.AccountIdentity: save(m.AccountIdentity(account_id=user_id, provider="gov", subject=key)),
    }
    for model, pk in made.items():
        rows[model][key] = pk
    counter = m.AchievementCounter.__table__  # its triggers wrote it
    rows[m.AchievementCounter][key] = db.session.scalar(select(counter.c.id).where(counter.c.organization_id == unit.id))
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
    """The ids of a table's rows that a scope knows of."""
    db.session.expunge_all()
    with scoped(scope):
        return set(db.session.scalars(select(model.id)))  # type: ignore[attr-defined]
