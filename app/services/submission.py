"""提交审核: 开始检测, then the submission: the frozen material, its files, and the case that carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import WrongState
from app.outbox import enqueue
from app.queries import material as materials
from app.queries.application import PHOTO_SLOT, route_of
from app.rules import deadlines
from app.rules import snapshot as shots
from app.rules.checks import Report, examine
from app.rules.checks_eligibility import ONCE_A_YEAR
from app.rules.checks_material import Material
from app.rules.routing import NoRoute
from app.services.application import bump, lock
from app.services.application_effects import SUBJECT
from app.transaction import transaction
from app.workflow import engine
from models.application import Application, Submission
from models.base import utcnow
from models.file import Attachment

_a, _submission, _attachment = Application.__table__, Submission.__table__, Attachment.__table__
FROZEN = "submission"


def check(*, application_id: int, actor: Actor, unsaved: Sequence[str] = ()) -> Report:
    """开始检测. A clean result is remembered with the version it was made on.

    `unsaved`: keys of checks_summary.UNSAVED_PAGES of which the browser keeps text that was not sent.
    """
    with transaction() as session:
        row = lock(session, application_id, actor)
        material = materials.load(session, application_id).material
        report = examine(replace(material, unsaved=tuple(unsaved)))
        session.execute(
            update(_a).where(_a.c.id == row.id, _a.c.version == row.version)
            .values(checked_version=row.version if report.is_clean else None)
        )
        record_event(session, event=Event.APPLICATION_CHECKED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"version": row.version, "findings": [finding.rule for finding in report.content],
                           "clean": report.is_clean})
        return report


def submit(*, application_id: int, actor: Actor) -> int:
    """提交: only on a clean check of this very version, inside the window, once a plan year; the submission's id.

    Raises WrongState with the first reason, NoRoute when nobody is competent: then the unit and operations are told.
    Nothing is lost either way.
    """
    try:
        return _submit(application_id, actor)
    except NoRoute as error:
        _tell_of_missing_route(application_id, error)
        raise


def _tell_of_missing_route(application_id: int, error: NoRoute) -> None:
    """Once a day for a unit, plan and series: whoever can mend it need not hear it from each applicant."""
    with transaction() as session:
        material = materials.load(session, application_id).material
        key = (f"{material.unit.id}:{material.plan.id}:{material.choice.series_id}:{deadlines.today():%Y%m%d}")
        enqueue(session, kind="notify.route_missing", key=f"route-missing:{key}", payload={
            "organization_id": material.unit.id, "plan_id": material.plan.id,
            "series_id": material.choice.series_id, "level_id": material.choice.level_id, "missing": error.missing,
        })


def _submit(application_id: int, actor: Actor) -> int:
    with transaction() as session:
        row = lock(session, application_id, actor)
        loaded = materials.load(session, application_id)
        material = loaded.material
        _require_clean(material)
        route = route_of(session, material)
        now = utcnow()
        try:
            bump(session, row, state="reviewing", submitted_at=row.submitted_at or now,
                 employer_id=material.unit.id, checked_version=None)
        except IntegrityError:
            raise WrongState(f"{ONCE_A_YEAR}您在 {material.plan.year} 年度已有一份申报，不能再提交本申报。") from None
        run, submission_id = _freeze(session, material, shots.compose(material, loaded.names))
        title = f"{material.plan.name}-{material.person.name}-{material.choice.title}"[:200]
        case_id = engine.start(
            session, procedure="application", subject_type=SUBJECT, subject_id=row.id, title=title, route=route,
            actor=actor, person_id=material.person.id, employer_id=material.unit.id,
        )
        record_event(session, event=Event.APPLICATION_SUBMITTED, subject_type=SUBJECT, subject_id=row.id,
                     actor=actor, data={"submission": submission_id, "run": run, "case": case_id})
        return submission_id


def _require_clean(material: Material) -> None:
    report = examine(material)
    if not report.is_clean:
        first = report.gaps("block")[0].message
        raise WrongState(f"检测结果有不符合项，不能提交：{first}请补充完整后重新检测。")
    if material.checked_version != material.version:
        raise WrongState("材料在检测之后有修改，请重新“开始检测”后再提交。")


def _freeze(session: Session, material: Material, snapshot: dict[str, object]) -> tuple[int, int]:
    """Write the snapshot, and attach its files to it so that the authorities on the route may open them."""
    run = 1 + (session.execute(
        select(func.max(_submission.c.run)).where(_submission.c.application_id == material.application_id)
    ).scalar() or 0)
    submission_id: int = session.execute(insert(_submission).values(
        application_id=material.application_id, run=run, snapshot=snapshot, sha256=shots.digest(snapshot), note="",
        submitted_at=utcnow(),
    ).returning(_submission.c.id)).scalar_one()
    unique = {(file["slot"], file["file_id"]): file["name"] for file in shots.files_of(snapshot)}
    if material.person.photo_id is not None:
        unique[PHOTO_SLOT, material.person.photo_id] = "证件照片.jpg"
    if unique:
        session.execute(insert(_attachment), [
            {
                "file_id": file_id, "subject_type": FROZEN, "subject_id": submission_id, "slot": slot,
                "name": name, "position": position, "person_id": material.person.id, "created_at": utcnow(),
            }
            for position, ((slot, file_id), name) in enumerate(unique.items())
        ])
    return run, submission_id
