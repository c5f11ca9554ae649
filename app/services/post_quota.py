"""岗位核准信息: recorded by the unit, confirmed once, corrected by operations; and the places that applicants use.

Every verb locks the quota's row first, so that its audit chain has one writer. That no more places are used than were
confirmed is held by a guarded UPDATE here and by a CHECK in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import IO, Any

from sqlalchemy import Row, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from app.queries.organization_settings import needs_post_quota
from app.rules import deadlines
from app.rules.upload import UploadPolicy
from app.services import file as files
from app.services.file import Editable, register_editable
from app.transaction import current_session, transaction
from models.base import utcnow
from models.file import Attachment
from models.organization import Organization
from models.post_quota import QUOTA_LEVELS, PostQuota, PostQuotaLevel, QuotaUse

SUBJECT, SLOT = "post_quota", "form"
FORM_POLICY = UploadPolicy(("pdf", "png", "jpg", "doc", "docx"), 10, 5)
STANDS = "以此为准"
_MOST = 9999
_quota, _level, _use = PostQuota.__table__, PostQuotaLevel.__table__, QuotaUse.__table__
_attachment = Attachment.__table__
_CONFIRM_FIRST = "请先在“管理设置—岗位核准信息”中录入并确认 {year} 年度的岗位核准信息。"


def save(*, year: int, numbers: Mapping[str, str], actor: Actor, quota_id: int | None = None, version: int = 0) -> int:
    """新增 or 编辑 the year's vacancies while they are not confirmed; the quota's id. One per year."""
    values = _checked(numbers)
    with transaction() as session:
        organization_id = _unit_with_quota(session, actor)
        if quota_id is None:
            quota_id = _insert(session, organization_id, year, values, actor)
        else:
            row = _locked_own(session, quota_id, actor)
            _require_draft(row)
            if row.version != version:
                raise Conflict("岗位核准信息刚刚在别处有修改，请刷新页面后再保存。")
            for label, vacancies in values.items():
                session.execute(update(_level).where(_level.c.quota_id == row.id, _level.c.label == label)
                                .values(vacancies=vacancies))
            _touch(session, row)
        record_event(session, event=Event.POST_QUOTA_SAVED, subject_type=SUBJECT, subject_id=quota_id, actor=actor,
                     data={"year": year, "vacancies": values})
        return quota_id


def _insert(session: Session, organization_id: int, year: int, values: Mapping[str, int], actor: Actor) -> int:
    this_year = deadlines.today().year
    if not this_year - 1 <= year <= this_year + 1:
        sentence = f"核准年度请填写 {this_year - 1} 至 {this_year + 1} 年。"
        raise Invalid(sentence, {"year": sentence})
    now = utcnow()
    try:
        with session.begin_nested():
            quota_id: int = session.execute(insert(_quota).values(
                organization_id=organization_id, year=year, state="draft", created_by=actor.user_id, created_at=now,
                updated_at=now, version=1,
            ).returning(_quota.c.id)).scalar_one()
    except IntegrityError:
        sentence = f"{year} 年度的岗位核准信息已经录入，一年度只能设置一次。"
        raise Invalid(sentence, {"year": sentence}) from None
    session.execute(insert(_level), [
        {"quota_id": quota_id, "label": label, "vacancies": vacancies, "occupied": 0, "unoccupied": 0}
        for label, vacancies in values.items()
    ])
    return quota_id


def confirm(*, quota_id: int, version: int, actor: Actor) -> None:
    """确认: from then on the numbers stand; the stamped form must be there."""
    with transaction() as session:
        row = _locked_own(session, quota_id, actor)
        _require_draft(row)
        if row.version != version:
            raise Conflict("岗位核准信息刚刚在别处有修改，请核对后再确认。")
        if not session.execute(select(exists().where(
            _attachment.c.subject_type == SUBJECT, _attachment.c.subject_id == row.id, _attachment.c.slot == SLOT
        ))).scalar():
            raise WrongState("请先上传单位盖章后的岗位核准表，再确认。")
        _touch(session, row, state="confirmed", confirmed_at=utcnow())
        record_event(session, event=Event.POST_QUOTA_CONFIRMED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"year": row.year, "vacancies": _vacancies(session, row.id)})


def replace_form(*, quota_id: int, stream: IO[bytes], filename: str, actor: Actor) -> None:
    """重新修改 of a confirmed year: another form that counts from now on; the ones before are kept."""
    file = files.store_upload(stream=stream, filename=filename, policy=FORM_POLICY, actor=actor,
                              organization_id=actor.organization_id)
    with transaction() as session:
        row = _locked_own(session, quota_id, actor)
        if row.state != "confirmed":
            raise WrongState("岗位核准信息还没有确认，请直接修改附件。")
        stem, extension = PurePath(file.name).stem, PurePath(file.name).suffix
        name = f"{stem.removesuffix(STANDS)[:150]}{STANDS}{extension}"
        files.attach(file_id=file.id, subject_type=SUBJECT, subject_id=row.id, slot=SLOT, name=name, actor=actor,
                     person_id=None, max_count=50)
        _touch(session, row)
        record_event(session, event=Event.POST_QUOTA_FORM_REPLACED, subject_type=SUBJECT, subject_id=row.id,
                     actor=actor, data={"name": name})


def correct(*, quota_id: int, numbers: Mapping[str, str], reason: str, version: int, actor: Actor) -> bool:
    """Operations change the numbers of a confirmed year, with the reason on record; False when nothing differs.

    Never below what is used already.
    """
    if not actor.is_platform:
        raise NotAllowed("岗位数只能由平台运维人员修改，请拨打平台客服电话。")
    values = _checked(numbers)
    if not reason.strip():
        raise Invalid("请填写修改原因。", {"reason": "请填写修改原因，例如依据的附件名称。"})
    if len(reason) > 300:
        raise Invalid("修改原因过长。", {"reason": "修改原因最多 300 字。"})
    with transaction() as session:
        row = _locked(session, quota_id)
        if row.state != "confirmed":
            raise WrongState("岗位核准信息还没有确认，请由单位自行修改。")
        if row.version != version:
            raise Conflict("岗位核准信息刚刚在别处有修改，请刷新页面后再修改。")
        before = _vacancies(session, row.id)
        changes = {label: [before[label], value] for label, value in values.items() if before[label] != value}
        for label, (_old, new) in changes.items():
            done = session.execute(update(_level).where(
                _level.c.quota_id == row.id, _level.c.label == label, _level.c.occupied <= new
            ).values(vacancies=new))
            if done.rowcount != 1:  # type: ignore[attr-defined]
                sentence = f"{label}已占用的岗位多于 {new} 个，不能改得更少。"
                raise Invalid(sentence, {label: sentence})
        if changes:
            _touch(session, row)
            record_event(session, event=Event.POST_QUOTA_CORRECTED, subject_type=SUBJECT, subject_id=row.id,
                         actor=actor, data={"changes": changes, "reason": reason.strip()})
        return bool(changes)


def take(
    session: Session, *, case_id: int, application_id: int, organization_id: int, year: int, label: str,
    occupies: bool, reason: str, actor: Actor,
) -> None:
    """推荐: use a place (or say why none) for a case; what the case used before is given back first.

    In the caller's transaction, which has checked that the actor may. WrongState when no place is left.
    """
    reason = "" if occupies else reason.strip()
    if not occupies and not reason:
        raise Invalid("请填写不占用职数的说明。", {"reason": "不占用空岗数时须填写说明。"})
    if len(reason) > 300:
        raise Invalid("说明过长。", {"reason": "说明最多 300 字。"})
    quota = session.execute(
        select(_quota).where(_quota.c.organization_id == organization_id, _quota.c.year == year).with_for_update()
    ).first()
    if quota is None or quota.state != "confirmed":
        raise WrongState(_CONFIRM_FIRST.format(year=year))
    level = session.execute(select(_level.c.id).where(_level.c.quota_id == quota.id, _level.c.label == label)).scalar()
    if level is None:
        raise WrongState(f"岗位核准信息中没有“{label}”，请联系平台客服。")
    used = session.execute(select(_use).where(_use.c.case_id == case_id, _use.c.released_at.is_(None))).first()
    if used is not None:
        if (used.level_id, used.occupies, used.reason) == (level, occupies, reason):
            return
        _give_back(session, used)
    column = _level.c.occupied if occupies else _level.c.unoccupied
    statement = update(_level).where(_level.c.id == level).values({column: column + 1})
    if occupies:
        statement = statement.where(_level.c.occupied < _level.c.vacancies)
    if session.execute(statement).rowcount != 1:  # type: ignore[attr-defined]
        raise WrongState(f"{year} 年度{label}的空缺岗位已全部占用，不能再占用。确需推荐的，请选择“不占用”并填写说明。")
    session.execute(insert(_use).values(
        case_id=case_id, application_id=application_id, organization_id=organization_id, level_id=level,
        occupies=occupies, reason=reason, created_by=actor.user_id, created_at=utcnow(),
    ))
    record_event(session, event=Event.POST_QUOTA_TAKEN, subject_type=SUBJECT, subject_id=quota.id, actor=actor,
                 data={"case": case_id, "level": label, "occupies": occupies, "reason": reason})


def release(session: Session, *, case_id: int, actor: Actor) -> None:
    """Give back what a case uses, if anything: it was returned, terminated or withdrawn. In the caller's transaction."""
    used = session.execute(
        select(_use, _level.c.quota_id, _level.c.label).join(_level, _level.c.id == _use.c.level_id)
        .where(_use.c.case_id == case_id, _use.c.released_at.is_(None))
    ).first()
    if used is None:
        return
    _locked(session, used.quota_id)
    _give_back(session, used)
    record_event(session, event=Event.POST_QUOTA_GIVEN_BACK, subject_type=SUBJECT, subject_id=used.quota_id,
                 actor=actor, data={"case": case_id, "level": used.label, "occupies": used.occupies})


def _give_back(session: Session, used: Row[Any]) -> None:
    done = session.execute(
        update(_use).where(_use.c.id == used.id, _use.c.released_at.is_(None)).values(released_at=utcnow())
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("岗位占用情况刚刚有变化，请刷新页面后再试。")
    column = _level.c.occupied if used.occupies else _level.c.unoccupied
    session.execute(update(_level).where(_level.c.id == used.level_id).values({column: column - 1}))


def _unit_with_quota(session: Session, actor: Actor) -> int:
    nature = session.scalar(select(Organization.nature_code).where(Organization.id == (actor.organization_id or 0)))
    if nature is None or not needs_post_quota(session, nature):
        raise NotAllowed("只有事业单位和事业单位（中直）需要设置岗位核准信息。")
    return actor.organization_id or 0


def _locked(session: Session, quota_id: int) -> Row[Any]:
    row = session.execute(select(_quota).where(_quota.c.id == quota_id).with_for_update()).first()
    if row is None:
        raise NotFound("没有找到岗位核准信息。")
    return row


def _locked_own(session: Session, quota_id: int, actor: Actor) -> Row[Any]:
    row = _locked(session, quota_id)
    if actor.organization_id is None or row.organization_id != actor.organization_id:
        raise NotFound("没有找到岗位核准信息。")
    return row


def _require_draft(row: Row[Any]) -> None:
    if row.state != "draft":
        raise WrongState("岗位核准信息已确认，不能修改。附件不正确请点击“重新修改”，岗位数不正确请拨打平台客服电话。")


def _touch(session: Session, row: Row[Any], **values: Any) -> None:
    done = session.execute(
        update(_quota).where(_quota.c.id == row.id, _quota.c.version == row.version, _quota.c.state == row.state)
        .values(version=row.version + 1, updated_at=utcnow(), **values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("岗位核准信息刚刚在别处有修改，请刷新页面。")


def _vacancies(session: Session, quota_id: int) -> dict[str, int]:
    rows = session.execute(select(_level.c.label, _level.c.vacancies).where(_level.c.quota_id == quota_id))
    return {row.label: row.vacancies for row in rows}


def _checked(numbers: Mapping[str, str]) -> dict[str, int]:
    """The four numbers; Invalid with a sentence for each that is none."""
    wrong, values = {}, {}
    for label in QUOTA_LEVELS:
        text = str(numbers.get(label, "")).strip()
        if text.isascii() and text.isdecimal() and int(text[:9]) <= _MOST:
            values[label] = int(text)
        else:
            wrong[label] = f"{label}空缺请填写 0 至 {_MOST} 的整数。"
    if wrong:
        raise Invalid("岗位空缺数填写有误，请按提示修改。", wrong)
    return values


def form_rule(subject_id: int, slot: str, actor: Actor) -> Editable:
    """The unit's administrators change the form while the year is not confirmed."""
    row = current_session().execute(
        select(_quota.c.organization_id, _quota.c.state).where(_quota.c.id == subject_id)
    ).first()
    if row is None or slot != SLOT or actor.organization_id is None or row.organization_id != actor.organization_id:
        raise NotFound("没有找到岗位核准信息。")
    if row.state != "draft":
        raise WrongState("岗位核准信息已确认，附件不能删改。附件不正确请点击“重新修改”上传新的附件。")
    return Editable(FORM_POLICY, None, actor.organization_id)


register_editable(SUBJECT, form_rule)
