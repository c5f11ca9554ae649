"""What the 评审表 prints: the frozen submission, the person, and what the organizations decided on that submission."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.queries import material as materials
from app.queries.application import submission_of
from app.queries.holiday import exceptions
from app.queries.result import result_of
from app.rules import deadlines
from app.rules import snapshot as shots
from app.rules.workdays import working_days
from models.application import Application, Pledge
from models.base import utcnow
from models.case import Case, Task
from models.certificate import Certificate
from models.organization import Organization
from models.person import Person
from models.post_quota import QuotaUse
from models.recommendation import Recommendation
from models.setting import Setting

_a, _person, _pledge = Application.__table__, Person.__table__, Pledge.__table__
_case, _task, _organization = Case.__table__, Task.__table__, Organization.__table__
_recommendation, _use = Recommendation.__table__, QuotaUse.__table__
_certificate, _setting = Certificate.__table__, Setting.__table__
SETTINGS = ("form.review_notes", "form.review_places", "form.review_subtitle", "form.made_by")


def review_form_facts(session: Session, application_id: int, *, run: int | None = None) -> dict[str, Any]:
    """Facts for the forms of an application (app.reports.review_form, route_form, pledge), of the submission `run` (None: the latest; 0: what is being
    edited); with "run", "person_id", "photo_id", "name". Core: the caller checks who may see the application.
    """
    row = session.execute(
        select(_a.c.person_id, _a.c.plan_year, _a.c.pledge_id, _person.c.name, _person.c.id_number, _person.c.mobile)
        .join(_person, _person.c.id == _a.c.person_id).where(_a.c.id == application_id)
    ).first()
    if row is None:
        raise NotFound("没有找到这份申报，它可能已被删除。")
    if run == 0:
        loaded = materials.load(session, application_id)
        shot, at = shots.compose(loaded.material, loaded.names), utcnow()
    else:
        submission = submission_of(session, application_id, run=run)
        shot, at, run = submission.snapshot, submission.submitted_at, submission.run
    settings: dict[str, Any] = {
        found.key: found.value
        for found in session.execute(select(_setting.c.key, _setting.c.value).where(_setting.c.key.in_(SETTINGS)))
    }
    pledge_id = (shot["pledge"] or {}).get("pledge_id") or row.pledge_id
    wanted = _pledge.c.id == pledge_id if pledge_id else _pledge.c.id.is_not(None)
    clauses = session.execute(select(_pledge.c.clauses).where(wanted).order_by(_pledge.c.id.desc()).limit(1)).scalar()
    return {
        "snapshot": shot, "run": run, "person_id": row.person_id, "photo_id": shot["photo_file_id"], "name": row.name,
        "number": f"PS{row.plan_year}{application_id:08d}" + (f"-{run}" if run else ""),
        "filled_on": deadlines.today(at).isoformat(),
        "person": {"id_number": row.id_number, "mobile": row.mobile},
        "opinions": _opinions(session, application_id, run) if run else {},
        "result": result_of(session, application_id) if run else None, "certificate": _issued(session, application_id) if run else None,
        "pledge": list(clauses or ()), "notes": list(settings.get("form.review_notes", ())),
        "places": settings.get("form.review_places", {}), "subtitle": settings.get("form.review_subtitle", ""),
        "made_by": settings.get("form.made_by", ""),
    }


def _opinions(session: Session, application_id: int, run: int | None) -> dict[str, dict[str, Any]]:
    """`opinions`, with what the unit recommended: its text, its publicity, and whether a place is occupied."""
    found = opinions(session, "application", application_id, run)
    if "employer" not in found:
        return found
    row = session.execute(
        select(_recommendation.c.text, _recommendation.c.publicity_from, _recommendation.c.publicity_to, _use.c.occupies,
               _use.c.reason)
        .join(_case, _case.c.id == _recommendation.c.case_id)
        .outerjoin(_use, (_use.c.case_id == _case.c.id) & _use.c.released_at.is_(None))
        .where(_case.c.subject_type == "application", _case.c.subject_id == application_id, _case.c.run == run)
    ).first()
    if row is None:
        return found
    values: dict[str, str] = {}
    if row.publicity_from is not None:
        values |= {"公示起止日期": f"{row.publicity_from.isoformat()} 至 {row.publicity_to.isoformat()}", "有无异议": "无异议"}
    if row.occupies is not None:
        values["是否占用岗位职数"] = "占用" if row.occupies else f"不占用：{row.reason}"
    text = f"{row.text}\n审核意见：{found['employer']['opinion']}" if row.text else found["employer"]["opinion"]
    found["employer"] |= {"opinion": text, "values": values}
    return found


def opinions(session: Session, subject_type: str, subject_id: int, run: int | None) -> dict[str, dict[str, Any]]:
    """The approvals of one run that stand, by node: {"by", "organization_id", "opinion", "date"}; the last one of a node
    counts. An approval taken back does not stand: the case was at its stop again afterwards.
    """
    rows = session.execute(
        select(_task.c.node, _task.c.stop, _task.c.state, _task.c.opinion, _task.c.decided_at, _task.c.organization_id, _organization.c.name)
        .join(_case, _case.c.id == _task.c.case_id)
        .join(_organization, _organization.c.id == _task.c.organization_id)
        .where(_case.c.subject_type == subject_type, _case.c.subject_id == subject_id, _case.c.run == run)
        .order_by(_task.c.seq)
    )
    standing: list[Any] = []
    for row in rows:
        standing = [before for before in standing if before.stop < row.stop]
        if row.state == "approved":
            standing.append(row)
    return {
        row.node: {
            "by": row.name, "organization_id": row.organization_id, "opinion": row.opinion, "date": _day(row.decided_at),
        }
        for row in standing
    }


def _issued(session: Session, application_id: int) -> dict[str, Any] | None:
    row = session.execute(select(_certificate).where(_certificate.c.application_id == application_id)).first()
    if row is None:
        return None
    return {
        "number": row.number, "title": row.title_name, "approval_no": row.approval_no, "issuer": row.issuer_name,
        "issuer_id": row.issuer_id, "acquired_on": row.acquired_on.isoformat(), "issued_on": row.issued_on.isoformat(),
    }


def _day(moment: dt.datetime | None) -> str:
    return deadlines.today(moment).isoformat() if moment else ""


def publicity_facts(session: Session, application_id: int, run: int) -> dict[str, Any]:
    """The unit's publicity of one submission, for 单位公示证明: days as dates or None, what is made public."""
    row = session.execute(
        select(_recommendation.c.publicity_from, _recommendation.c.publicity_to)
        .join(_case, _case.c.id == _recommendation.c.case_id)
        .where(_case.c.subject_type == "application", _case.c.subject_id == application_id, _case.c.run == run)
    ).first()
    first, last = (row.publicity_from, row.publicity_to) if row else (None, None)
    days = working_days(first, last, exceptions(session, first, last)) if first and last else 0
    said = session.execute(select(_setting.c.value).where(_setting.c.key == "form.publicity_content")).scalar()
    return {"first": first, "last": last, "days": days, "ended": last is not None and last < deadlines.today(), "content": said or ""}


def forms_of_plan(session: Session, plan_id: int) -> list[int]:
    """The applications of a plan that passed every stop, or are with its convener now."""
    at_convener = select(_task.c.subject_id).where(
        _task.c.subject_type == "application", _task.c.node == "convener", _task.c.state == "open")
    return list(session.execute(
        select(_a.c.id).where(_a.c.plan_id == plan_id, (_a.c.state == "approved") | _a.c.id.in_(at_convener)).order_by(_a.c.id)
    ).scalars())
