"""业绩项: record, change, submit to the unit, take back, delete; and what the unit's decision does to an item.

Only the person's own items; drafts and returned ones can be changed. A submitted item is decided by the unit of the
person's approved employment: without one, items may be recorded but not submitted (manual, 个人 一).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event, record_first_events
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.permissions import require
from app.queries import achievement_kind, achievement_review, portfolio
from app.queries.achievement_key import own_twins
from app.queries.achievement_kind import KindForm
from app.rules.fields import summary, validate
from app.rules.identity_keys import identity_keys
from app.rules.routing import Stop
from app.rules.upload import UploadPolicy
from app.services.file import Editable, detach_all, register_editable
from app.transaction import current_session, transaction
from app.workflow import engine
from app.workflow.registry import CaseView, effect
from models.achievement import ACHIEVEMENT_STATES, Achievement, AchievementKey, AchievementRemark
from models.base import utcnow
from models.file import Attachment
from models.organization import Organization
from models.person import Employment, Person

EDITABLE_STATES = ("draft", "returned")
_achievement, _attachment = Achievement.__table__, Attachment.__table__
_key, _remark = AchievementKey.__table__, AchievementRemark.__table__
_employment, _organization, _person = Employment.__table__, Organization.__table__, Person.__table__
_TITLE_LENGTH = 200


def create(*, kind_code: str, values: Mapping[str, object], actor: Actor) -> int:
    """A new item as a draft; its id. `values`: raw input by field key. Invalid names the fields that do not hold."""
    if actor.person_id is None:
        raise WrongState("请先完成个人注册，再录入业绩。")
    with transaction() as session:
        form = achievement_kind.newest_form(session, kind_code)
        if form is None or not form.kind.enabled:
            raise NotFound("没有找到这个业绩类别，它可能已停用，请从左侧重新选择。")
        data, line = _checked(session, form, values, actor.person_id, stored={}, partial=True)
        return insert_draft(session, form, data, line, actor=actor)


def insert_draft(
    session: Session, form: KindForm, data: Mapping[str, Any], line: str, *, actor: Actor,
    source: Mapping[str, Any] | None = None,
) -> int:
    """A draft with checked values, inside the caller's transaction; its id. `source`: where it came from."""
    return insert_drafts(session, form, [(data, line, source or {})], actor=actor)[0]


def insert_drafts(
    session: Session, form: KindForm, items: Sequence[tuple[Mapping[str, Any], str, Mapping[str, Any]]], *, actor: Actor
) -> list[int]:
    """Drafts of one kind, (values, line, source) each, in as many statements as one takes; their ids in that order."""
    if not items:
        return []
    now = utcnow()
    ids = list(session.execute(
        insert(_achievement).returning(_achievement.c.id, sort_by_parameter_order=True), [{
            "person_id": actor.person_id, "kind_id": form.kind.id, "kind_version_id": form.version_id, "data": dict(data),
            "summary": line, "state": "draft", "version": 1, "created_at": now, "updated_at": now,
        } for data, line, _source in items],
    ).scalars())
    keys = [
        {"achievement_id": number, "person_id": actor.person_id, "key": key, "is_submitted": False}
        for number, (data, _line, _source) in zip(ids, items, strict=True)
        for key in sorted({one.key for one in identity_keys(form.kind.duplicate_keys, form.kind.code, data)})
    ]
    if keys:
        session.execute(insert(_key), keys)
    record_first_events(
        session, event=Event.ACHIEVEMENT_CREATED, subject_type="achievement", actor=actor,
        subjects=[(number, {"kind": form.kind.code, **source}) for number, (_data, _line, source) in zip(ids, items, strict=True)],
    )
    return ids


def copy(*, achievement_id: int, actor: Actor) -> int:
    """复制 an item as a new draft under the present fields, without its evidence; the new item's id."""
    with transaction() as session:
        row = _own(session, achievement_id, actor)
        kept = _form(session, row)
        form = achievement_kind.newest_form(session, kept.kind.code)
        if form is None or not form.kind.enabled:
            raise NotFound("这个业绩类别已停用，不能再新增。")
        names = achievement_kind.vocabularies(session, form.fields, present={}, person_id=row.person_id)
        data, errors = validate(form.fields, row.data, codes=names, partial=True)
        data = {key: value for key, value in data.items() if key not in errors}
        line = summary(form.fields, form.list_columns, data, names)
        return insert_draft(session, form, data, line, actor=actor, source={"copy_of": row.id})


def autosave(
    *, achievement_id: int, version: int | None, values: Mapping[str, object], actor: Actor
) -> tuple[int, dict[str, str]]:
    """Keep a draft while it is typed: (the new version, what cannot be kept yet by field key).

    A field that does not hold keeps what was stored before; everything else is saved.
    """
    with transaction() as session:
        row = _own(session, achievement_id, actor)
        _require_editable(row)
        names = achievement_kind.vocabularies(session, _form(session, row).fields, present=row.data, person_id=row.person_id)
        _, errors = validate(_form(session, row).fields, values, codes=names, partial=True)
        kept = {key: row.data.get(key) if key in errors else value for key, value in values.items()}
        new = save(achievement_id=achievement_id, version=version, values=kept, actor=actor)
        return new, errors


def save(*, achievement_id: int, version: int | None, values: Mapping[str, object], actor: Actor) -> int:
    """Save the input of a draft or returned item; the new version. Nothing is required yet.

    Conflict when the item changed after the page was opened (a second tab).
    """
    with transaction() as session:
        row = _own(session, achievement_id, actor)
        _require_editable(row)
        if version != row.version:
            raise Conflict("这条业绩刚刚在另一个页面修改过。您填写的内容还在，请核对后再次保存。", version=row.version)
        form = _form(session, row)
        data, line = _checked(session, form, values, row.person_id, stored=row.data, partial=True)
        if data == row.data and line == row.summary:
            return int(row.version)
        changed = sorted(key for key in {*data, *row.data} if data.get(key) != row.data.get(key))
        _change(session, row, data=data, summary=line)
        _write_keys(session, row.id, row.person_id, form, data)
        _record(session, Event.ACHIEVEMENT_CHANGED, row.id, actor, {"fields": changed})
        return int(row.version) + 1


def submit(*, achievement_id: int, version: int | None, actor: Actor) -> int:
    """提交 to the unit; the case's id. Invalid names what is missing, evidence files included."""
    with transaction() as session:
        row = _own(session, achievement_id, actor)
        _require_editable(row)
        if version is not None and version != row.version:
            raise Conflict("这条业绩刚刚在另一个页面修改过，请核对后再提交。", version=row.version)
        unit = _unit_of(session, row.person_id)
        form = _form(session, row)
        data, line = _checked(session, form, row.data, row.person_id, stored=row.data, evidence_of=row.id)
        _change(session, row, data=data, summary=line, state="reviewing", organization_id=unit.id,
                submitted_at=utcnow(), decided_at=None)
        _refuse_twins(session, row, form, data)
        session.execute(delete_from(_remark).where(_remark.c.achievement_id == row.id))
        _record(session, Event.ACHIEVEMENT_SUBMITTED, row.id, actor, {"organization": unit.id})
        title = f"{unit.person_name}-业绩库-{form.kind.name}({line})"
        if len(title) > _TITLE_LENGTH:
            title = title[: _TITLE_LENGTH - 2] + "…)"
        return engine.start(
            session, procedure="achievement", subject_type="achievement", subject_id=row.id, title=title,
            route=[Stop("employer", unit.id, unit.name)], actor=actor, person_id=row.person_id, employer_id=unit.id,
        )


def withdraw(*, achievement_id: int, actor: Actor) -> None:
    """撤回: a submission nobody acted on yet, or an approved item that no application uses, to change it."""
    with transaction() as session:
        row = _own(session, achievement_id, actor)
        if row.state == "reviewing":
            case_id = achievement_review.open_case(session, row.id)
            if case_id is None:
                raise Conflict("这条业绩刚刚有变化，请刷新页面后再操作。")
            engine.cancel(session, case_id=case_id, actor=actor)  # the effect below changes the item
        elif row.state == "approved":
            _refuse_when_used(session, row.id, "请先在该申报中移除这条业绩，再撤回修改。")
            _change(session, row, state="draft", decided_at=None)
            _mark_keys(session, row.id, submitted=False)
            _record(session, Event.ACHIEVEMENT_WITHDRAWN, row.id, actor, {"from": "approved"})
        else:
            raise WrongState(f"这条业绩现在是“{ACHIEVEMENT_STATES[row.state]}”，不需要撤回。")


def delete(*, achievement_id: int, actor: Actor) -> None:
    """删除 a draft or returned item with its evidence."""
    with transaction() as session:
        row = _own(session, achievement_id, actor)
        if row.state not in EDITABLE_STATES:
            raise WrongState(f"这条业绩现在是“{ACHIEVEMENT_STATES[row.state]}”，不能删除。请先撤回。")
        _refuse_when_used(session, row.id, "不能删除。")
        files = detach_all(subject_type="achievement", subject_id=row.id, actor=actor)
        gone = session.execute(
            delete_from(_achievement).where(_achievement.c.id == row.id, _achievement.c.version == row.version)
        )
        if gone.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("这条业绩刚刚有变化，请刷新页面后再操作。")
        _record(session, Event.ACHIEVEMENT_DELETED, row.id, actor, {"summary": row.summary, "files": files})


@effect("achievement", "approved")
def _approved(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    _decided(session, case, actor, "approved")


@effect("achievement", "returned")
def _returned(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    _decided(session, case, actor, "returned")


def _decided(session: Session, case: CaseView, actor: Actor, state: str) -> None:
    _switch(session, case, "reviewing", state, decided_at=utcnow())
    if state != "approved":
        _mark_keys(session, case.subject_id, submitted=False)
    _record(session, Event.ACHIEVEMENT_DECIDED, case.subject_id, actor, {"state": state, "case": case.id})


@effect("achievement", "withdrawn")
def _withdrawn(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    _switch(session, case, "reviewing", "draft")
    _mark_keys(session, case.subject_id, submitted=False)
    _record(session, Event.ACHIEVEMENT_WITHDRAWN, case.subject_id, actor, {"from": "reviewing"})


@effect("achievement", "reopened")
def _reopened(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """The unit takes its approval back (manual, 单位 六, 我已处理): not while an application uses the item."""
    session.execute(select(_achievement.c.id).where(_achievement.c.id == case.subject_id).with_for_update())
    _refuse_when_used(session, case.subject_id, "请先由申报人在该申报中移除这条业绩，单位才能撤回审核。")
    _switch(session, case, "approved", "reviewing")
    _record(session, Event.ACHIEVEMENT_REOPENED, case.subject_id, actor, {"case": case.id})


_SWITCH = (  # compiled once: a batch decides a thousand
    update(_achievement)
    .where(_achievement.c.id == bindparam("of_achievement"), _achievement.c.state == bindparam("from_state"))
    .values(version=_achievement.c.version + 1, state=bindparam("to_state"), decided_at=bindparam("at"), updated_at=bindparam("now"))
)


def _switch(session: Session, case: CaseView, from_state: str, to_state: str, *, decided_at: dt.datetime | None = None) -> None:
    done = session.connection().execute(_SWITCH, {
        "of_achievement": case.subject_id, "from_state": from_state, "to_state": to_state, "at": decided_at, "now": utcnow(),
    })
    if done.rowcount != 1:
        raise WrongState("申报人已撤回这条业绩，请刷新列表。")


def _own(session: Session, achievement_id: int, actor: Actor) -> Row[Any]:
    """The actor's own row, held until the commit: importing into an application takes turns with taking back."""
    row = session.execute(
        select(_achievement).where(_achievement.c.id == achievement_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound("没有找到这条业绩，它可能已被删除。")
    require("own.edit", actor, row)
    return row


def _require_editable(row: Row[Any]) -> None:
    if row.state not in EDITABLE_STATES:
        raise WrongState(f"这条业绩现在是“{ACHIEVEMENT_STATES[row.state]}”，不能修改。如需修改，请先撤回。")


def _form(session: Session, row: Row[Any]) -> KindForm:
    form = achievement_kind.form_of_version(session, row.kind_version_id)
    if form is None:
        raise NotFound("没有找到这个业绩类别的填写项，请联系平台管理员。")
    return form


def _checked(
    session: Session, form: KindForm, values: Mapping[str, object], person_id: int, *, stored: Mapping[str, Any],
    partial: bool = False, evidence_of: int | None = None,
) -> tuple[dict[str, Any], str]:
    """(values to store, summary line); Invalid with all errors at once."""
    choosable = achievement_kind.vocabularies(session, form.fields, present=stored, person_id=person_id)
    data, errors = validate(form.fields, values, codes=choosable, partial=partial)
    if evidence_of is not None:
        errors |= _missing_evidence(session, form, evidence_of, data)
    if errors:
        raise Invalid(f"还有 {len(errors)} 处需要完善，请看标出的地方。", errors)
    return data, summary(form.fields, form.list_columns, data, choosable)


def _missing_evidence(session: Session, form: KindForm, achievement_id: int, data: Mapping[str, Any]) -> dict[str, str]:
    rows = session.execute(
        select(_attachment.c.slot, func.count().label("n"))
        .where(_attachment.c.subject_type == "achievement", _attachment.c.subject_id == achievement_id)
        .group_by(_attachment.c.slot)
    )
    attached: dict[str, int] = {row.slot: row.n for row in rows}
    errors = {}
    for slot in form.slots:
        count = attached.get(slot.key, 0)
        if (slot.required or (slot.required_if is not None and slot.required_if.holds(data))) and not count:
            errors[slot.key] = f"请上传“{slot.label}”。"
        elif count > slot.max_count:
            errors[slot.key] = f"“{slot.label}”最多 {slot.max_count} 个文件，现有 {count} 个，请删除多余的。"
    return errors


def _unit_of(session: Session, person_id: int) -> Row[Any]:
    """The unit of the approved employment: id, name, and the person's name; WrongState without one."""
    unit = session.execute(
        select(_organization.c.id, _organization.c.name, _person.c.name.label("person_name"))
        .join(_employment, _employment.c.organization_id == _organization.c.id)
        .join(_person, _person.c.id == _employment.c.person_id)
        .where(_employment.c.person_id == person_id, _employment.c.state == "approved")
    ).first()
    if unit is None:
        raise WrongState(
            "您还没有通过所在单位确认，暂时不能提交。录入的业绩已保存，单位审核通过您的注册后即可提交。"
        )
    return unit


def _write_keys(session: Session, achievement_id: int, person_id: int, form: KindForm, data: Mapping[str, Any]) -> None:
    """What a draft can be recognised by, as it is now."""
    wanted = {one.key for one in identity_keys(form.kind.duplicate_keys, form.kind.code, data)}
    if not form.kind.duplicate_keys:
        return
    present = set(session.scalars(select(_key.c.key).where(_key.c.achievement_id == achievement_id)))
    if present - wanted:
        session.execute(delete_from(_key).where(_key.c.achievement_id == achievement_id, _key.c.key.in_(present - wanted)))
    if wanted - present:
        session.execute(insert(_key), [
            {"achievement_id": achievement_id, "person_id": person_id, "key": key, "is_submitted": False}
            for key in sorted(wanted - present)
        ])


def _mark_keys(session: Session, achievement_id: int, *, submitted: bool) -> None:
    session.execute(update(_key).where(_key.c.achievement_id == achievement_id).values(is_submitted=submitted))


def _refuse_twins(session: Session, row: Row[Any], form: KindForm, data: Mapping[str, Any]) -> None:
    """The same paper is not handed in twice by one person; the unique index holds it between two tabs."""
    _write_keys(session, row.id, row.person_id, form, data)
    found = {one.key: one for one in identity_keys(form.kind.duplicate_keys, form.kind.code, data)}
    for twin in own_twins(session, person_id=row.person_id, keys=found, besides=row.id):
        if twin.is_submitted:
            one = found[twin.key]
            raise Invalid("这条业绩与您已提交的业绩重复，没有提交。", dict.fromkeys(
                one.fields, f"与您的“{twin.kind}：{twin.summary}”的{one.label}相同，同一业绩请勿重复提交。"
            ))
    try:
        _mark_keys(session, row.id, submitted=True)
    except IntegrityError as error:
        raise Conflict("相同的业绩刚刚在另一个页面提交了，请刷新列表核对。") from error


def _refuse_when_used(session: Session, achievement_id: int, advice: str) -> None:
    plans = portfolio.uses(session, achievement_id)
    if plans:
        raise WrongState(f"这条业绩已用于“{'”“'.join(plans)}”的申报，{advice}", plans=plans)


def _change(session: Session, row: Row[Any], **values: Any) -> None:
    done = session.execute(
        update(_achievement)
        .where(_achievement.c.id == row.id, _achievement.c.version == row.version, _achievement.c.state == row.state)
        .values(version=row.version + 1, updated_at=utcnow(), **values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("这条业绩刚刚有变化，请刷新页面后再操作。")


def _record(session: Session, event: Event, achievement_id: int, actor: Actor, data: dict[str, Any]) -> None:
    record_event(
        session, event=event, subject_type="achievement", subject_id=achievement_id, actor=actor, data=data
    )


def _evidence_rule(achievement_id: int, slot: str, actor: Actor) -> Editable:
    """Which files the person may put where: the evidence fields of their own changeable items."""
    session = current_session()
    row = _own(session, achievement_id, actor)
    _require_editable(row)
    field = next((field for field in _form(session, row).slots if field.key == slot), None)
    if field is None:
        raise NotFound("没有找到可以上传附件的地方，请返回后重试。")
    policy = UploadPolicy(types=field.accept, max_mb=field.max_mb, max_count=field.max_count)
    return Editable(policy=policy, person_id=row.person_id)


register_editable("achievement", _evidence_rule)
