"""单位绑定 and 变更单位: who belongs to which unit, decided by the unit."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotAllowed, NotFound, Sentence, WrongState
from app.permissions import require
from app.rules.routing import Stop
from app.transaction import transaction
from app.workflow import engine
from app.workflow.registry import CaseView, effect
from models.base import utcnow
from models.case import Case
from models.organization import Organization, OrganizationRole
from models.person import Employment, Person

FREELANCER_UNITS = frozenset({"hr_department", "agency"})
_NOTE_LIMIT = 500
_employment = Employment.__table__
_person = Person.__table__


def request(
    *, organization_id: int | None, note: str, is_freelancer: bool, actor: Actor
) -> int:
    """Ask a unit to confirm that the actor belongs to it; the employment's id.

    The first request is 人员注册, later ones are 单位变更. Until the unit approves, nothing changes.
    """
    with transaction() as session:
        # the lock makes two requests of one person take turns
        person = session.get(Person, actor.person_id, with_for_update=True) if actor.person_id else None
        if person is None or person.registered_at is None:
            raise WrongState("请先完成个人注册，再选择单位。")
        organization = _chosen(session, organization_id, is_freelancer)
        if len(note) > _NOTE_LIMIT:
            raise Invalid("申请说明过长。", {"note": Sentence("申请说明最多 %(n)s 字。", n=_NOTE_LIMIT)})
        if person.organization_id == organization.id:
            raise Invalid("您已在该单位，无需变更。", {"organization_id": "请选择要变更到的新单位。"})
        if session.scalar(select(Employment.id).where(
            Employment.person_id == person.id, Employment.state == "pending"
        )):
            raise WrongState("您已有一个待审核的单位申请，请等待审核或先撤回。")
        kind = "unit_change" if person.organization_id else "registration"
        employment = Employment(
            person_id=person.id, organization_id=organization.id, kind=kind, note=note.strip(),
            is_freelancer=is_freelancer,
        )
        session.add(employment)
        session.flush()  # the case needs its id
        engine.start(
            session, procedure=kind, subject_type="employment", subject_id=employment.id,
            title=f"{person.name}-{'人员注册' if kind == 'registration' else '单位变更'}",
            route=[Stop("employer", organization.id, organization.name)], actor=actor, person_id=person.id,
            employer_id=organization.id,
        )
        record_event(session, event=Event.EMPLOYMENT_REQUESTED, subject_type="employment", subject_id=employment.id,
                     actor=actor, data={"organization": organization.id, "kind": kind})
        return employment.id


def _chosen(session: Session, organization_id: int | None, is_freelancer: bool) -> Organization:
    organization = session.get(Organization, organization_id) if organization_id else None
    if organization is None or not organization.enabled:
        raise Invalid("请选择单位。", {"organization_id": "请输入单位名称、信用代码或拼音首字母，从列表中选择单位。"})
    kinds = set(session.scalars(
        select(OrganizationRole.kind).where(OrganizationRole.organization_id == organization.id)
    ))
    if is_freelancer and not kinds & FREELANCER_UNITS:
        raise Invalid("自由职业者请选择当地人社部门或人才服务中心作为自己的单位。", {
            "organization_id": "该单位不是人社部门或人才服务中心，请重新选择。",
        })
    if not is_freelancer and "employer" not in kinds:
        raise Invalid("请选择用人单位。", {"organization_id": "该单位不是用人单位。自由职业者请先勾选“是否自由职业者”。"})
    return organization


def withdraw(*, employment_id: int, actor: Actor) -> None:
    """Take back a request that the unit has not begun to decide."""
    with transaction() as session:
        employment = session.get(Employment, employment_id)
        if employment is None:
            raise NotFound("没有找到这条单位申请。")
        require("own.edit", actor, employment)
        case_id = session.scalar(select(Case.id).where(
            Case.subject_type == "employment", Case.subject_id == employment_id, Case.state == "open"
        ))
        if case_id is None:
            raise WrongState("该申请已审核完成，不能撤回。")
        engine.cancel(session, case_id=case_id, actor=actor)
        record_event(session, event=Event.EMPLOYMENT_WITHDRAWN, subject_type="employment", subject_id=employment_id,
                     actor=actor)


@effect("registration", "approved")
@effect("unit_change", "approved")
def _bind(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """The new binding takes the place of the old one; open cases stay with the unit they were submitted to."""
    now, connection = utcnow(), session.connection()
    connection.execute(
        update(_employment)
        .where(_employment.c.person_id == case.person_id, _employment.c.state == "approved")
        .values(state="ended", decided_at=now, version=_employment.c.version + 1)
    )
    employment = connection.execute(
        update(_employment)
        .where(_employment.c.id == case.subject_id, _employment.c.state == "pending")
        .values(state="approved", decided_at=now, version=_employment.c.version + 1)
        .returning(_employment.c.organization_id, _employment.c.is_freelancer)
    ).one()
    connection.execute(
        update(_person).where(_person.c.id == case.person_id).values(
            organization_id=employment.organization_id, is_freelancer=employment.is_freelancer,
            version=_person.c.version + 1,
        )
    )
    record_event(session, event=Event.EMPLOYMENT_APPROVED, subject_type="employment", subject_id=case.subject_id,
                 actor=actor, data={"organization": employment.organization_id})


@effect("registration", "returned")
@effect("unit_change", "returned")
def _send_back(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    _close(session, case, "returned")
    record_event(session, event=Event.EMPLOYMENT_RETURNED, subject_type="employment", subject_id=case.subject_id,
                 actor=actor, data={"opinion": opinion})


@effect("registration", "withdrawn")
@effect("unit_change", "withdrawn")
def _take_back(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    _close(session, case, "withdrawn")


@effect("registration", "reopened")
@effect("unit_change", "reopened")
def _refuse_reopening(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    raise NotAllowed("人员绑定已生效，不能撤回。如人员不属于本单位，请通知本人变更单位。")


def _close(session: Session, case: CaseView, state: str) -> None:
    session.connection().execute(
        update(_employment).where(_employment.c.id == case.subject_id, _employment.c.state == "pending")
        .values(state=state, decided_at=utcnow(), version=_employment.c.version + 1)
    )
