"""现有职称情况: 新增, 编辑, ↑, ↓, 删除, each title with its 评聘情况 in one action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, case, delete, insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotFound
from app.queries import held_title as queries
from app.rules.held_title import MOST_TITLES, Entered, read
from app.services import held_title_files
from app.services.application import bump, lock
from app.services.application_effects import SUBJECT
from app.services.application_items import OFFSETS
from app.transaction import transaction
from models.held_title import Appointment, HeldTitle

Raw = Mapping[str, object]
_held, _appointment = HeldTitle.__table__, Appointment.__table__


def add(*, application_id: int, title: Raw, appointments: Sequence[Raw], actor: Actor) -> int:
    """新增 a held title behind the others; its id. Invalid names every field that does not hold."""
    with transaction() as session:
        row = lock(session, application_id, actor)
        entered = read(title, appointments, codes=queries.codes(session))
        last = [r.position for r in _all(session, row.id)]
        if len(last) >= MOST_TITLES:
            raise Invalid(f"现有职称最多填写 {MOST_TITLES} 条。")
        held_title_id: int = session.execute(insert(_held).values(
            application_id=row.id, position=max(last, default=-1) + 1, version=1, **_values(entered),
        ).returning(_held.c.id)).scalar_one()
        _write_appointments(session, held_title_id, entered)
        bump(session, row)
        _record(session, Event.HELD_TITLE_ADDED, row, held_title_id, actor, entered)
        return held_title_id


def change(
    *, application_id: int, held_title_id: int, version: int | None, title: Raw, appointments: Sequence[Raw], actor: Actor
) -> None:
    """编辑: the appointments given are all there are afterwards. Conflict when another window was faster."""
    with transaction() as session:
        row = lock(session, application_id, actor)
        held = _one(session, row.id, held_title_id)
        entered = read(title, appointments, codes=queries.codes(session, held))
        if version is not None and version != held.version:
            raise Conflict("这条现有职称已在其他窗口修改。您在本页填写的内容没有丢失，请另开窗口核对后再保存。")
        session.execute(
            update(_held).where(_held.c.id == held.id).values(version=held.version + 1, **_values(entered))
        )
        session.execute(delete(_appointment).where(_appointment.c.held_title_id == held.id))
        _write_appointments(session, held.id, entered)
        bump(session, row)
        _record(session, Event.HELD_TITLE_CHANGED, row, held.id, actor, entered)


def move(*, application_id: int, held_title_id: int, direction: str, actor: Actor) -> None:
    """↑ (up) or ↓ (down); at the end it stays. The first is 现任专业技术职务."""
    if direction not in OFFSETS:
        raise Invalid("不支持的操作，请刷新页面后重试。")
    with transaction() as session:
        row = lock(session, application_id, actor)
        held = _one(session, row.id, held_title_id)
        ids = [r.id for r in _all(session, row.id)]
        old = ids.index(held.id)
        new = min(max(old + OFFSETS[direction], 0), len(ids) - 1)
        if new == old:
            return
        ids.insert(new, ids.pop(old))
        positions = case({key: position for position, key in enumerate(ids)}, value=_held.c.id)
        session.execute(update(_held).where(_held.c.id.in_(ids)).values(position=positions))
        bump(session, row)
        record_event(session, event=Event.HELD_TITLE_MOVED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"held_title": held.id, "from": old, "to": new})


def remove(*, application_id: int, held_title_id: int, actor: Actor) -> str:
    """删除 with its 评聘情况 and evidence; the name of what was removed."""
    with transaction() as session:
        row = lock(session, application_id, actor)
        held = _one(session, row.id, held_title_id)
        held_title_files.remove(session, [held.id], actor=actor)
        bump(session, lock(session, application_id, actor))  # removing files has raised the version
        record_event(session, event=Event.HELD_TITLE_REMOVED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"held_title": held.id, "title": held.title_name})
        return str(held.title_name)


def _values(entered: Entered) -> dict[str, Any]:
    get = entered.values.get
    return {
        "acquisition_code": get("acquisition"), "certificate_number": get("certificate_number") or "",
        "employer_name": get("employer"), "series_name": get("series"), "specialty_name": get("specialty"),
        "title_name": get("title"), "level_id": get("level"), "committee_name": get("committee"),
        "reviewed_on": get("reviewed_on"), "issuer_name": get("issuer"), "issued_on": get("issued_on"),
        "from_elsewhere": bool(get("from_elsewhere")),
    }


def _write_appointments(session: Session, held_title_id: int, entered: Entered) -> None:
    if entered.appointments:
        session.execute(insert(_appointment), [
            {
                "held_title_id": held_title_id, "position": position, "name": row["name"],
                "employer_name": row["employer"], "starts_on": row["starts_on"], "ends_on": row.get("ends_on"),
                "to_present": bool(row.get("to_present")),
            }
            for position, row in enumerate(entered.appointments)
        ])


def _all(session: Session, application_id: int) -> Sequence[Row[Any]]:
    return session.execute(
        select(_held).where(_held.c.application_id == application_id).order_by(_held.c.position, _held.c.id)
    ).all()


def _one(session: Session, application_id: int, held_title_id: int) -> Row[Any]:
    row = session.execute(
        select(_held).where(_held.c.id == held_title_id, _held.c.application_id == application_id)
    ).first()
    if row is None:
        raise NotFound("没有找到这条现有职称，它可能已被删除。")
    return row


def _record(
    session: Session, event: Event, row: Row[Any], held_title_id: int, actor: Actor, entered: Entered
) -> None:
    record_event(session, event=event, subject_type=SUBJECT, subject_id=row.id, actor=actor, data={
        "held_title": held_title_id, "values": dict(entered.values),
        "appointments": [dict(appointment) for appointment in entered.appointments],
    })
