"""评审计划: draft → published → closed, the window, and what may change in which state.

Forms never set the state: each step is asked for, checked and recorded. What applicants are asked for is changed in a
draft or in a revision only (services.plan_edition); `editable_edition` is the one door to it. docs/adr/0005.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.outbox import enqueue
from app.queries.plan import DOCUMENTS
from app.queries.plan_desk import Part, parts_of
from app.queries.plan_form import forms_of
from app.rules import check_settings, deadlines, rich_text
from app.rules.upload import UploadPolicy
from app.services.file import Editable, register_editable
from app.transaction import current_session, transaction
from models.base import utcnow
from models.plan import PLAN_STATES, AttachmentSlot, PlanCheck, PlanForm, PlanLevel, PlanOffering, ReviewPlan
from models.series import Specialty, Title

SUBJECT = "review_plan"
DOCUMENT_POLICY = UploadPolicy(("pdf", "doc", "docx", "xlsx", "png", "jpg"), 20, 20)
TEMPLATE_POLICY = UploadPolicy(("pdf", "doc", "docx", "xlsx"), 10, 3)
REASON_LENGTH = (2, 300)
_level, _offering, _check = PlanLevel.__table__, PlanOffering.__table__, PlanCheck.__table__


def own_plan(session: Session, plan_id: int, actor: Actor) -> ReviewPlan:
    """The plan, locked, when it is the actor's organization's or the actor is an administrator of the platform."""
    plan = session.get(ReviewPlan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None or not ("Admin" in actor.roles or (
        actor.organization_id is not None and actor.organization_id == plan.convener_id
    )):
        raise NotFound("没有找到该评审计划，它可能不属于本单位。")
    return plan


def record(session: Session, plan: ReviewPlan, event: Event, actor: Actor, **data: Any) -> None:
    """Raise the plan's version and leave the audit row."""
    plan.version += 1
    session.flush()  # constraints speak before the audit row is written
    record_event(session, event=event, subject_type=SUBJECT, subject_id=plan.id, actor=actor,
                 data={"state": plan.state, "edition": plan.edition, **data})


def checked_reason(reason: str) -> str:
    """Why something published is changed: it is kept on record."""
    text = reason.strip()
    low, high = REASON_LENGTH
    if not low <= len(text) <= high:
        sentence = f"请填写原因（{low} 到 {high} 字），它会记入审计。"
        raise Invalid(sentence, {"reason": sentence})
    return text


def editable_edition(plan: ReviewPlan) -> int:
    """The edition whose parts may be changed: the draft's, or that of a revision. WrongState when there is none."""
    if plan.state == "draft":
        return plan.edition
    if plan.draft_edition is not None:
        return plan.draft_edition
    raise WrongState(
        f"该计划{PLAN_STATES[plan.state]}，申报人已按它填报，不能直接修改。请先在计划页面点“修订”，改好后发布修订；"
        "已经开始的申报仍按原来的要求进行。"
    )


def may_edit(plan: ReviewPlan, edition: int) -> bool:
    """Whether the parts of an edition may be changed now."""
    return edition == (plan.edition if plan.state == "draft" else plan.draft_edition)


def require_editable(session: Session, plan_id: int, edition: int, actor: Actor) -> None:
    """A part of that edition may be changed now; the plan stays locked until the commit."""
    plan = own_plan(session, plan_id, actor)
    editable_edition(plan)
    if not may_edit(plan, edition):
        raise WrongState("这一项属于已发布的内容，不能修改。请刷新计划页面，在修订中修改。")


def blocking(parts: Collection[Part]) -> list[Part]:
    """The parts a plan cannot be published without."""
    return [part for part in parts if part.problem and part.blocks]


def publish(*, plan_id: int, actor: Actor) -> None:
    """发布: from now on everybody sees the plan, and within its window it can be applied for."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        if plan.state != "draft":
            raise WrongState(f"只有草稿可以发布，该计划{PLAN_STATES[plan.state]}。")
        require_complete(session, plan, plan.edition)
        keep_forms(session, plan.id, plan.edition)
        plan.state, plan.published_at = "published", utcnow()
        record(session, plan, Event.PLAN_PUBLISHED, actor)


def require_complete(session: Session, plan: ReviewPlan, edition: int) -> None:
    """Invalid with everything that is missing at once."""
    missing = blocking(parts_of(session, plan.id, edition))
    if missing:
        raise Invalid("还不能发布：" + "".join(part.problem for part in missing))


def keep_forms(session: Session, plan_id: int, edition: int) -> None:
    """With publication: 专业信息 that the plan did not change stays as it is now, whatever the platform's forms become."""
    rows = [
        {"plan_id": plan_id, "edition": edition, "series_id": form.series_id, "fields": list(form.fields), "is_own": False}
        for form in forms_of(session, plan_id, edition) if not form.kept
    ]
    if rows:
        session.execute(insert(PlanForm.__table__), rows)


def close(*, plan_id: int, actor: Actor) -> None:
    """关闭: no more applications; what was submitted goes on."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        if plan.state != "published":
            raise WrongState(f"只有已发布的计划可以关闭，该计划为{PLAN_STATES[plan.state]}。")
        plan.state = "closed"
        record(session, plan, Event.PLAN_CLOSED, actor)


def extend(*, plan_id: int, closes_on: dt.date | None, reason: str, actor: Actor) -> None:
    """延长申报时间 of a published plan, also of one whose window is over. A window is never shortened."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        if plan.state != "published":
            raise WrongState(f"只有已发布的计划可以延长申报时间，该计划为{PLAN_STATES[plan.state]}。")
        before = plan.closes_on
        if closes_on is None or closes_on <= before or closes_on < deadlines.today():
            sentence = f"请填写新的截止日期，须晚于原来的 {before:%Y-%m-%d}，且不早于今天。"
            raise Invalid(sentence, {"closes_on": sentence})
        why, plan.closes_on = checked_reason(reason), closes_on
        record(session, plan, Event.PLAN_EXTENDED, actor, old=before.isoformat(), new=closes_on.isoformat(), reason=why)
        _tell_of_window(session, plan)


def reopen(*, plan_id: int, closes_on: dt.date | None, reason: str, actor: Actor) -> None:
    """重新开放 a closed plan until a day."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        if plan.state != "closed":
            raise WrongState(f"只有已关闭的计划可以重新开放，该计划为{PLAN_STATES[plan.state]}。")
        if closes_on is None or closes_on < deadlines.today() or closes_on < plan.opens_on:
            sentence = "请填写新的截止日期，不早于今天，也不早于申报开始日期。"
            raise Invalid(sentence, {"closes_on": sentence})
        why, before = checked_reason(reason), plan.closes_on
        plan.state, plan.closes_on = "published", closes_on
        record(session, plan, Event.PLAN_REOPENED, actor, old=before.isoformat(), new=closes_on.isoformat(), reason=why)
        _tell_of_window(session, plan)


def _tell_of_window(session: Session, plan: ReviewPlan) -> None:
    """Those who have not handed in learn the new last day."""
    enqueue(session, kind="notify.window_extended", key=f"window:{plan.id}:{plan.version}", payload={"plan_id": plan.id})


@dataclass(frozen=True)
class Description:
    """What may change at any time without touching anybody's application."""

    scope_text: str
    content: str
    contact: str
    phone: str
    address: str


def describe(*, plan_id: int, description: Description, version: int, actor: Actor) -> bool:
    """修改说明和联系方式 of a plan in any state; the words as they were stay in the audit trail. False without a change."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        if version != plan.version:
            raise Conflict("这个计划刚被其他人修改过。请重新打开本页，核对后再保存。")
        new = {
            "scope_text": rich_text.checked(description.scope_text), "content": rich_text.checked(description.content),
            "contact": description.contact.strip(), "phone": description.phone.strip(),
            "address": description.address.strip(),
        }
        changes = {key: [getattr(plan, key), value] for key, value in new.items() if getattr(plan, key) != value}
        if not changes:
            return False
        for key, value in new.items():
            setattr(plan, key, value)
        record(session, plan, Event.PLAN_CHANGED, actor, changes=changes)
        return True


def _require_version(plan: ReviewPlan, version: int | None) -> None:
    """What was shown is what is written over; None: whatever is stored."""
    if version is not None and version != plan.version:
        raise Conflict("这个计划刚在别处修改过。您填写的内容还在，请核对后再次保存。")


def set_offerings(
    *, plan_id: int, series_id: int, level_ids: Collection[int], pairs: Collection[tuple[int, int]], actor: Actor,
    version: int | None = None,
) -> None:
    """The levels of the plan, and of one series the (specialty, title) pairs that can be applied for."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        edition = editable_edition(plan)
        _require_version(plan, version)
        _require_of_series(session, series_id, pairs)
        at = (_offering.c.plan_id == plan.id, _offering.c.edition == edition, _offering.c.series_id == series_id)
        before = set(session.execute(select(_offering.c.specialty_id, _offering.c.title_id).where(*at)).tuples())
        wanted = set(pairs)
        for specialty_id, title_id in before - wanted:
            session.execute(delete(_offering).where(
                *at, _offering.c.specialty_id == specialty_id, _offering.c.title_id == title_id
            ))
        added = [
            {"plan_id": plan.id, "edition": edition, "series_id": series_id, "specialty_id": s, "title_id": t}
            for s, t in sorted(wanted - before)
        ]
        if added:
            session.execute(insert(_offering), added)
        levels = _set_levels(session, plan.id, edition, set(level_ids))
        record(session, plan, Event.PLAN_OFFERINGS_CHANGED, actor, series=series_id, levels=levels,
               added=_lists(wanted - before), removed=_lists(before - wanted))


def _lists(pairs: Collection[tuple[int, int]]) -> list[list[int]]:
    return sorted([specialty_id, title_id] for specialty_id, title_id in pairs)


def _require_of_series(session: Session, series_id: int, pairs: Collection[tuple[int, int]]) -> None:
    specialty, title = Specialty.__table__, Title.__table__
    specialties = set(session.execute(select(specialty.c.id).where(specialty.c.series_id == series_id)).scalars())
    titles = set(session.execute(select(title.c.id).where(title.c.series_id == series_id)).scalars())
    if {pair[0] for pair in pairs} - specialties or {pair[1] for pair in pairs} - titles:
        raise Invalid("所选专业、职称与职称系列不一致，请刷新页面后重新选择。")


def _set_levels(session: Session, plan_id: int, edition: int, wanted: set[int]) -> list[int]:
    at = (_level.c.plan_id == plan_id, _level.c.edition == edition)
    before = set(session.execute(select(_level.c.level_id).where(*at)).scalars())
    if before - wanted:
        session.execute(delete(_level).where(*at, _level.c.level_id.in_(before - wanted)))
    if wanted - before:
        session.execute(insert(_level), [
            {"plan_id": plan_id, "edition": edition, "level_id": key} for key in sorted(wanted - before)
        ])
    return sorted(wanted)


def set_checks(
    *, plan_id: int, chosen: Mapping[str, tuple[str, Mapping[str, str]]], actor: Actor, version: int | None = None
) -> None:
    """检测设置: rule → (level, parameters as typed). Only what differs from the usual is kept."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        edition = editable_edition(plan)
        _require_version(plan, version)
        wrong: dict[str, str] = {}
        settings: dict[str, check_settings.Setting] = {}
        for rule, (level, raw) in chosen.items():
            if rule not in check_settings.BY_RULE:
                raise Invalid("没有这条检测规则，请刷新页面。")
            try:
                settings[rule] = check_settings.checked(rule, level, raw)
            except Invalid as error:
                wrong |= error.fields
        if wrong:
            raise Invalid("有检查项填写有误，请按提示修改。", wrong)
        own = {rule: setting for rule, setting in settings.items() if setting != check_settings.USUAL[rule]}
        session.execute(delete(_check).where(
            _check.c.plan_id == plan.id, _check.c.edition == edition, _check.c.rule.in_(list(chosen))
        ))
        if own:
            session.execute(insert(_check), [
                {"plan_id": plan.id, "edition": edition, "rule": rule, "level": setting.level,
                 "parameters": dict(setting.parameters)}
                for rule, setting in sorted(own.items())
            ])
        record(session, plan, Event.PLAN_CHECKS_CHANGED, actor, settings={
            rule: {"level": setting.level, **setting.parameters} for rule, setting in sorted(own.items())
        })


def _documents_rule(subject_id: int, slot: str, actor: Actor) -> Editable:
    """相关附件: the convener's, in every state; what was published before stays in the audit trail and the store."""
    plan = own_plan(current_session(), subject_id, actor)
    if slot != "documents":
        raise NotFound("没有找到可以上传附件的地方，请返回后重试。")
    return Editable(DOCUMENT_POLICY, None, plan.convener_id)


def _template_rule(subject_id: int, slot: str, actor: Actor) -> Editable:
    """模板 of an attachment slot, while the slot itself may be changed."""
    session = current_session()
    row = session.get(AttachmentSlot, subject_id)
    if row is None or slot != "template":
        raise NotFound("没有找到这个附件项，请刷新页面。")
    plan = own_plan(session, row.plan_id, actor)
    if editable_edition(plan) != row.edition:
        raise WrongState("这一项属于已发布的内容，不能修改。请刷新计划页面，在修订中修改。")
    return Editable(TEMPLATE_POLICY, None, plan.convener_id)


register_editable(DOCUMENTS, _documents_rule)
register_editable("plan_slot", _template_rule)
