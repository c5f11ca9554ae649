"""诚信档案: recording a breach or a disciplinary measure, with its period, and lifting it. One verb, one function."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from app.queries import integrity as queries
from app.rules import deadlines
from app.rules.integrity import Category, last_day
from app.rules.upload import UploadPolicy
from app.services import file as files
from app.services.notification import notify
from app.transaction import current_session, transaction
from models.base import utcnow
from models.integrity import INTEGRITY_KINDS, IntegrityRecord
from models.person import Person

SUBJECT, SLOT = "integrity_record", "evidence"
POLICY = UploadPolicy(("pdf", "png", "jpg", "doc", "docx"), 10, 10)
MOST_REASON, MOST_DOCUMENT, MOST_LIFTED = 200, 100, 300
OWN_PAGE = "/person/integrity/"
_i, _person = IntegrityRecord.__table__, Person.__table__


@dataclass(frozen=True)
class Breach:
    """What is recorded. `decided_on`: of the decision; `banned_from`: when its period begins."""

    person_id: int
    category: str
    reason: str
    document: str
    decided_on: dt.date | None
    banned_from: dt.date | None


def record(*, breach: Breach, actor: Actor) -> int:
    """新增记录 by an organization that may make one of this kind about this person; the record's id.

    How long it lasts is the dictionary's to say, not the form's.
    """
    with transaction() as session:
        category = next((one for one in queries.offered(session, actor) if one.code == breach.category), None)
        if category is None and not queries.offered(session, actor):
            raise NotAllowed("本单位不能记入诚信档案。如需处理，请联系当地人社部门。")
        line = queries.person_line(session, actor, breach.person_id)
        errors = _errors(breach, category, known=line is not None)
        if errors or category is None or breach.decided_on is None:
            raise Invalid("记录填写有误，请按提示修改。", errors)
        if actor.person_id == breach.person_id:
            raise NotAllowed("不能为自己记录。")
        first = breach.banned_from or breach.decided_on
        values = {
            "kind": category.kind, "category": category.code, "category_name": category.name, "person_id": breach.person_id,
            "organization_id": actor.organization_id, "recorded_by": actor.user_id, "reason": breach.reason.strip(),
            "document": breach.document.strip(), "decided_on": breach.decided_on, "bars": category.bars, "banned_from": first,
            "banned_until": last_day(first, category.months),
        }
        now = utcnow()
        try:
            record_id: int = session.execute(insert(_i).values(
                version=1, created_at=now, updated_at=now, revoked_reason="", **values).returning(_i.c.id)).scalar_one()
        except IntegrityError:
            raise WrongState("该人员已有同一类别、同一文号的记录，请勿重复记录。") from None
        record_event(session, event=Event.INTEGRITY_RECORDED, subject_type=SUBJECT, subject_id=record_id, actor=actor, data=values)
        effect = f"，{first} 至 {values['banned_until']} 不能申报职称" if category.bars else ""
        _tell(session, breach.person_id, f"integrity-recorded:{record_id}",
              f"您被记入诚信档案（{INTEGRITY_KINDS[category.kind]}：{category.name}）{effect}。如有异议，可以申请复查。")
        return record_id


def _errors(breach: Breach, category: Category | None, *, known: bool) -> dict[str, str]:
    today, errors = deadlines.today(), dict[str, str]()
    if not known:
        errors["person_id"] = "请选择人员：本单位人员，或本单位审核过其申请、签发过其证书的人员。"
    if category is None:
        errors["category"] = "请选择记录类别。"
    reason, document = breach.reason.strip(), breach.document.strip()
    if not 5 <= len(reason) <= MOST_REASON:
        errors["reason"] = f"请写明事实和理由，5 至 {MOST_REASON} 字。"
    if not 0 < len(document) <= MOST_DOCUMENT:
        errors["document"] = f"请填写处理决定的文号，不超过 {MOST_DOCUMENT} 字。"
    if breach.decided_on is None:
        errors["decided_on"] = "请填写决定日期。"
    elif breach.decided_on > today:
        errors["decided_on"] = "决定日期不能晚于今天。"
    elif breach.decided_on.year < today.year - 20:
        errors["decided_on"] = "决定日期过早，请核对。"
    elif breach.banned_from is not None and not 0 <= (breach.banned_from - breach.decided_on).days <= 366:
        errors["banned_from"] = "起算日期应在决定日期当天或之后一年内。"
    return errors


def lift(*, record_id: int, reason: str, actor: Actor) -> None:
    """解除, with its reason, by who recorded it or the platform: it no longer counts and stays for the history."""
    with transaction() as session:
        row = _own_record(session, record_id, actor)
        if not reason.strip() or len(reason.strip()) > MOST_LIFTED:
            sentence = f"请填写解除原因（最多 {MOST_LIFTED} 字），当事人可以看到。"
            raise Invalid(sentence, {"reason": sentence})
        lift_row(session, row, reason.strip(), actor)


def lift_row(session: Session, row: Row[Any], reason: str, actor: Actor) -> None:
    """Lift a locked record, inside a transaction; for `lift` and for a 复查 that was upheld."""
    if row.revoked_on is not None:
        raise WrongState("该记录已解除，不需要重复办理。")
    done = session.execute(
        update(_i).where(_i.c.id == row.id, _i.c.version == row.version, _i.c.revoked_on.is_(None))
        .values(revoked_on=deadlines.today(), revoked_reason=reason[:MOST_LIFTED], version=row.version + 1, updated_at=utcnow())
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("该记录刚刚有变化，请刷新页面后再试。")
    record_event(session, event=Event.INTEGRITY_LIFTED, subject_type=SUBJECT, subject_id=row.id, actor=actor, data={"reason": reason})
    _tell(session, row.person_id, f"integrity-lifted:{row.id}", f"您的诚信档案记录（{row.category_name or row.reason}）已解除：{reason}")


def _own_record(session: Session, record_id: int, actor: Actor) -> Row[Any]:
    row = session.execute(select(_i).where(_i.c.id == record_id).with_for_update()).first()
    if row is None or not (actor.is_platform or (actor.organization_id is not None and row.organization_id == actor.organization_id)):
        raise NotFound("没有找到这条记录，它可能不是本单位记入的。")
    return row


def _tell(session: Session, person_id: int, key: str, title: str) -> None:
    user_id = session.scalar(select(_person.c.user_id).where(_person.c.id == person_id))
    if user_id is not None:
        notify(session, user_ids=[user_id], key=key, title=title, link=OWN_PAGE)


def _slot_rule(subject_id: int, slot: str, actor: Actor) -> files.Editable:
    """Evidence belongs to the organization that recorded it, while the record stands."""
    row = current_session().execute(select(_i.c.organization_id, _i.c.revoked_on).where(_i.c.id == subject_id)).first()
    if row is None or slot != SLOT or actor.organization_id is None or row.organization_id != actor.organization_id:
        raise NotFound("没有找到这条记录，它可能不是本单位记入的。")
    if row.revoked_on is not None:
        raise WrongState("该记录已解除，佐证材料不能再修改。")
    return files.Editable(POLICY, None, actor.organization_id)


files.register_editable(SUBJECT, _slot_rule)
