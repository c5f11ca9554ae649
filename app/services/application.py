"""申报: begin one, change the choice, accept the pledge, delete, withdraw.

Every verb locks the application's row, checks owner and state, raises `version` and leaves one audit row.
Forms are in application_form, held titles in held_title, imported items in application_items, files in
application_files, 免面试 in exemption, 提交审核 in submission, what a case's end does in application_effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from app.permissions import require
from app.queries import plan as plans
from app.queries.plan_standing import standing_of
from app.rules import deadlines, identity
from app.services import (
    application_files,  # noqa: F401  registers which slots can be filled
    held_title_files,
)
from app.services import file as files
from app.services.application_effects import EDITABLE, SUBJECT
from app.transaction import transaction
from app.workflow import engine
from models.achievement import Achievement
from models.application import APPLICATION_STATES, Application, ApplicationItem, Pledge, Submission
from models.base import utcnow
from models.case import Case
from models.person import Person
from models.plan import ROUTES
from models.route_form import RouteForm

_a, _person, _pledge = Application.__table__, Person.__table__, Pledge.__table__
_form, _achievement = RouteForm.__table__, Achievement.__table__
_case, _item, _submission = Case.__table__, ApplicationItem.__table__, Submission.__table__


@dataclass(frozen=True)
class Selection:
    """职称申报选择: ids as sent; the server derives the series."""

    route: str
    specialty_id: int
    title_id: int
    standard_id: int


def lock(session: Session, application_id: int, actor: Actor, *, editable: bool = True) -> Row[Any]:
    """The application's row, held until the commit. NotFound for anybody else's, WrongState when it must be editable."""
    row = session.execute(select(_a).where(_a.c.id == application_id).with_for_update()).first()
    if row is None:
        raise NotFound("没有找到这份申报，它可能已被删除。")
    require("own.edit", actor, row)
    if editable and row.state not in EDITABLE:
        raise WrongState(f"该申报的状态为“{APPLICATION_STATES[row.state]}”，不能修改。")
    return row


def bump(session: Session, row: Row[Any], **values: Any) -> int:
    """Write values and the next version over the version that was read; Conflict when somebody was faster."""
    done = session.execute(
        update(_a).where(_a.c.id == row.id, _a.c.version == row.version, _a.c.state == row.state)
        .values(version=row.version + 1, updated_at=utcnow(), **values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("这份申报刚刚在别处有修改，请刷新页面后再试。")
    return int(row.version) + 1


def create(*, plan_id: int, selection: Selection, actor: Actor) -> int:
    """Begin an application with a choice the plan offers; its id. An application in this plan is gone on with."""
    with transaction() as session:
        plan = plans.plan_page(session, plan_id)
        standing = standing_of(session, plan, actor)
        if standing.application_id is not None:
            return standing.application_id
        if standing.barrier:
            raise WrongState(standing.barrier)
        series_id = check_selection(plan, selection)
        person = session.execute(select(_person).where(_person.c.id == actor.person_id)).one()
        today, now = deadlines.today(), utcnow()
        personal: dict[str, Any] = {}
        if person.ethnic_code:
            personal["ethnic"] = person.ethnic_code
        if person.political_status_code:
            personal["political_status"] = person.political_status_code
        if person.work_start:
            personal["work_start"] = person.work_start.isoformat()
            personal["work_years"] = max(0, identity.age_on(person.work_start, today))
        if person.post:
            personal["party_admin_post"] = person.post
        application_id = session.execute(insert(_a).values(
            person_id=person.id, employer_id=person.organization_id, plan_id=plan.id, plan_year=plan.year,
            plan_edition=plan.edition,
            route=selection.route, series_id=series_id, specialty_id=selection.specialty_id,
            title_id=selection.title_id, standard_id=selection.standard_id, personal=personal, professional={},
            state="editing", version=1, created_at=now, updated_at=now,
        ).returning(_a.c.id)).scalar_one()
        record_event(session, event=Event.APPLICATION_CREATED, subject_type=SUBJECT, subject_id=application_id,
                     actor=actor, data={"plan": plan.id, "edition": plan.edition, **_data(selection)})
        return int(application_id)


def check_selection(plan: plans.PlanPage, selection: Selection) -> int:
    """The series of a selection the plan offers; Invalid with a sentence for each field that does not fit."""
    wrong: dict[str, str] = {}
    if selection.route not in plan.routes:
        wrong["route"] = "请选择本计划接受的申报形式。"
    of_specialty = [offer for offer in plan.offers if offer.specialty_id == selection.specialty_id]
    offer = next((offer for offer in of_specialty if offer.title_id == selection.title_id), None)
    if not of_specialty:
        wrong["specialty_id"] = "请从本计划的可评审专业中选择申报专业。"
    elif offer is None or offer.level_id not in plan.level_ids:
        titles = "、".join(o.title for o in of_specialty if o.level_id in plan.level_ids)
        wrong["title_id"] = f"“{of_specialty[0].specialty}”可申报的职称为：{titles}，请重新选择。"
    standard = next((row for row in plan.standards if row.id == selection.standard_id), None)
    if standard is None or (offer is not None and not standard.fits(offer.level_id)):
        wrong["standard_id"] = "请选择适用于所申报职称的评审标准。"
    if wrong or offer is None:
        raise Invalid("申报选择不在本计划的范围内，请按提示重新选择。", wrong)
    return offer.series_id


@dataclass(frozen=True)
class Losses:
    """What changing the choice clears (manual, 修改): the name of a form, 申报业绩 by summary, 专业信息."""

    form: str = ""
    items: tuple[str, ...] = ()
    professional: bool = False

    def __bool__(self) -> bool:
        return bool(self.form or self.items or self.professional)


def losses(session: Session, row: Any, plan: plans.PlanPage, selection: Selection) -> Losses:
    """What `change_choice` would clear, so that it can be listed before it is done."""
    levels = {offer.title_id: offer.level_id for offer in plan.offers}
    series = {offer.specialty_id: offer.series_id for offer in plan.offers}
    held = session.execute(select(_a.c.route_values, _a.c.professional).where(_a.c.id == row.id)).one()
    form, items = "", ()
    if selection.route != row.route and held.route_values:
        form = session.execute(select(_form.c.name).where(_form.c.route == row.route)).scalar() or ROUTES[row.route]
    if selection.standard_id != row.standard_id or levels.get(row.title_id) != levels.get(selection.title_id):
        items = tuple(session.execute(
            select(_achievement.c.summary).join(_item, _item.c.achievement_id == _achievement.c.id)
            .where(_item.c.application_id == row.id, _item.c.standard_item_id.is_not(None)).order_by(_item.c.id)
        ).scalars())
    return Losses(form, items, bool(held.professional) and series.get(selection.specialty_id) != row.series_id)


def change_choice(*, application_id: int, selection: Selection, actor: Actor, version: int | None = None) -> bool:
    """修改 the choice; False when nothing changes. Clears what `losses` lists (manual, 申报情况)."""
    with transaction() as session:
        row = lock(session, application_id, actor)
        if version is not None and version != row.version:
            raise Conflict("这份申报刚刚在别处有修改，请刷新页面后再选择。")
        if selection == Selection(row.route, row.specialty_id, row.title_id, row.standard_id):
            return False
        plan = plans.plan_page(session, row.plan_id, edition=edition_to_choose_from(row))
        series_id = check_selection(plan, selection)
        levels = {offer.title_id: offer.level_id for offer in plan.offers}
        clears = selection.standard_id != row.standard_id or levels.get(row.title_id) != levels[selection.title_id]
        cleared = 0
        if clears:
            cleared = session.execute(  # type: ignore[attr-defined]
                delete(_item).where(_item.c.application_id == row.id, _item.c.standard_item_id.is_not(None))
            ).rowcount
        values = _data(selection)
        if selection.route != row.route:
            values["route_values"] = {}
        if series_id != row.series_id:
            values["professional"] = {}
        bump(session, row, series_id=series_id, plan_edition=plan.edition, **values)
        record_event(session, event=Event.APPLICATION_CHOICE_CHANGED, subject_type=SUBJECT, subject_id=row.id,
                     actor=actor, data={"old": _data(row), "new": _data(selection), "cleared_items": cleared})
        return True


def edition_to_choose_from(row: Any) -> int | None:
    """Which edition of the plan a choice is changed in; None: the one in force."""
    return None if row.submitted_at is None else int(row.plan_edition)


def _data(selection: Any) -> dict[str, Any]:
    return {
        "route": selection.route, "specialty_id": selection.specialty_id, "title_id": selection.title_id,
        "standard_id": selection.standard_id,
    }


def accept_pledge(*, application_id: int, pledge_id: int, actor: Actor) -> None:
    """同意并继续: records which text was accepted and when. Conflict when a newer text is in force."""
    with transaction() as session:
        row = lock(session, application_id, actor)
        pledge = session.execute(select(_pledge).order_by(_pledge.c.id.desc()).limit(1)).first()
        if pledge is None:
            raise NotFound("系统中还没有诚信承诺书，请联系平台客服。")
        if pledge.id != pledge_id:
            raise Conflict("诚信承诺书刚刚更新，请重新阅读后再同意。")
        if row.pledge_id == pledge.id:
            return
        bump(session, row, pledge_id=pledge.id, pledged_at=utcnow())
        record_event(session, event=Event.APPLICATION_PLEDGED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"pledge": pledge.id, "number": pledge.number, "sha256": pledge.sha256})


def delete_draft(*, application_id: int, actor: Actor) -> None:
    """删除 an application that was never submitted, with its files."""
    with transaction() as session:
        row = lock(session, application_id, actor, editable=False)
        if row.state != "editing":
            raise WrongState("只有“编辑中”的申报可以删除。")
        if session.execute(select(exists().where(_submission.c.application_id == row.id))).scalar():
            raise WrongState("该申报曾经提交，记录须保留，不能删除。如需改报其他计划，可直接到“评审计划”中申报。")
        files.detach_all(subject_type=SUBJECT, subject_id=row.id, actor=actor)
        held_title_files.remove_of(session, row.id, actor=actor)
        session.execute(delete(_item).where(_item.c.application_id == row.id))
        session.execute(delete(_a).where(_a.c.id == row.id, _a.c.state == "editing"))
        record_event(session, event=Event.APPLICATION_DELETED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"plan": row.plan_id, **_data(row)})


def withdraw(*, application_id: int, actor: Actor) -> None:
    """撤回 a submission that nobody has acted on; the effect below sets the state."""
    with transaction() as session:
        row = lock(session, application_id, actor, editable=False)
        if row.state != "reviewing":
            raise WrongState("只有“审核中”的申报可以撤回。")
        case_id = session.execute(
            select(func.max(_case.c.id)).where(
                _case.c.subject_type == SUBJECT, _case.c.subject_id == row.id, _case.c.state == "open"
            )
        ).scalar()
        if case_id is None:
            raise NotAllowed("该申报没有在办的审核流程，不能撤回。")
        engine.cancel(session, case_id=case_id, actor=actor)
