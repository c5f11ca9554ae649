"""异地职称 and 补换证: begin, fill in, check, submit, take back; and what the end of a case does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from app.permissions import require
from app.queries import personal_request as queries
from app.rules import deadlines
from app.rules.fields import validate
from app.rules.personal_request import MOST_EDUCATION, Finding, education_errors, examine
from app.rules.upload import UploadPolicy
from app.services import certificate as certificates
from app.services import file as files
from app.transaction import current_session, transaction
from app.workflow import engine
from app.workflow.registry import CaseView, effect
from models.base import utcnow
from models.case import Case
from models.certificate import Certificate
from models.person import Person
from models.personal_request import REQUEST_KINDS, REQUEST_STATES, PersonalRequest
from models.series import Specialty, Title

_r, _person, _c, _case = PersonalRequest.__table__, Person.__table__, Certificate.__table__, Case.__table__
EDITABLE = ("editing", "returned")
SUBJECT = "personal_request"


def lock(session: Session, request_id: int, actor: Actor, *, editable: bool = True) -> Row[Any]:
    """The request's row, held until the commit. NotFound for anybody else's, WrongState when it must be editable."""
    row = session.execute(select(_r).where(_r.c.id == request_id).with_for_update()).first()
    if row is None:
        raise NotFound("没有找到这份申请，它可能已被删除。")
    require("own.edit", actor, row)
    if editable and row.state not in EDITABLE:
        raise WrongState(f"该申请的状态为“{REQUEST_STATES[row.state]}”，不能修改。")
    return row


def _change(session: Session, row: Any, **values: Any) -> None:
    done = session.execute(
        update(_r).where(_r.c.id == row.id, _r.c.version == row.version, _r.c.state == row.state)
        .values(version=row.version + 1, updated_at=utcnow(), **values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("这份申请刚刚在别处有修改，请刷新页面后再试。")


def _unchanged(row: Row[Any], version: int | None, otherwise: str = "这份申请刚刚在别处有修改。您填写的内容没有丢失，请核对后再保存。") -> None:
    if version is not None and version != row.version:
        raise Conflict(otherwise)


def _record(session: Session, event: Event, request_id: int, actor: Actor, **data: Any) -> None:
    record_event(session, event=event, subject_type=SUBJECT, subject_id=request_id, actor=actor, data=data)


def begin_recognition(*, specialty_id: int, title_id: int, actor: Actor) -> int:
    """新增: ask for a title of our own dictionaries; the request's id."""
    with transaction() as session:
        _require_one_series(session, specialty_id, title_id)
        person = _own(session, actor)
        data: dict[str, Any] = {}
        if person.work_start:
            data["work_start"] = person.work_start.isoformat()
        if person.political_status_code:
            data["political_status"] = person.political_status_code
        if person.title_name:
            data["former_title"] = person.title_name
        return _begin(session, "recognition", person, actor, title_id=title_id, specialty_id=specialty_id, data=data)


def change_choice(*, request_id: int, specialty_id: int, title_id: int, actor: Actor) -> None:
    """修改: another 专业 or 资格 for a recognition that is being edited; what was filled in stays."""
    with transaction() as session:
        row = lock(session, request_id, actor)
        if row.kind != "recognition":
            raise NotFound("没有找到这份异地职称申请，请返回申报记录重新选择。")
        _require_one_series(session, specialty_id, title_id)
        if (row.specialty_id, row.title_id) != (specialty_id, title_id):
            _change(session, row, specialty_id=specialty_id, title_id=title_id)
            _record(session, Event.REQUEST_SAVED, request_id, actor, specialty_id=specialty_id, title_id=title_id)


def _require_one_series(session: Session, specialty_id: int, title_id: int) -> None:
    title, specialty = Title.__table__.c, Specialty.__table__.c
    fits = session.execute(
        select(title.id).join(Specialty.__table__, specialty.series_id == title.series_id)
        .where(title.id == title_id, specialty.id == specialty_id, title.enabled, specialty.enabled)
    ).first()
    if fits is None:
        raise Invalid("申请确认的专业和资格不属于同一系列，请重新选择。", {"title_id": "请重新选择申请确认资格。"})


def begin_reissue(*, certificate_id: int | None, actor: Actor) -> int:
    """补换证 of one of 我的职称, or (None) of a certificate the system does not know; the request's id."""
    with transaction() as session:
        person = _own(session, actor)
        data: dict[str, Any] = {"phone": person.mobile}
        if certificate_id is not None:
            row = session.execute(select(_c).where(_c.c.id == certificate_id)).first()
            if row is None or row.person_id != person.id:
                raise NotFound("没有找到这本证书，请返回“我的职称”重新选择。")
            if row.state != "valid":
                raise WrongState("该证书已失效，不能补换。请选择有效的证书。")
            data |= {key: getattr(row, key) for key in (
                "acquired_by", "series_name", "specialty_name", "level_name", "title_name", "approval_no", "issuer_name",
                "number", "employer_name",
            ) if getattr(row, key)}
            data |= {"acquired_on": row.acquired_on.isoformat(), "issued_on": row.issued_on.isoformat(), "nature": "社会化"}
            data.setdefault("approval_no", "无")
        return _begin(session, "reissue", person, actor, certificate_id=certificate_id, data=data)


def _own(session: Session, actor: Actor) -> Row[Any]:
    person = session.execute(select(_person).where(_person.c.id == actor.person_id)).first()
    if person is None:
        raise NotAllowed("当前账号不是个人账号，请使用个人账号登录。")
    if person.organization_id is None:
        raise WrongState("所在单位审核通过您的绑定后才能申请，请先在“个人信息”中完成单位绑定。")
    return person


def _begin(session: Session, kind: str, person: Row[Any], actor: Actor, **values: Any) -> int:
    known = _untouched(session, kind, person.id, values)
    if known is not None:  # pressed twice, or begun before
        return known
    now = utcnow()
    try:
        request_id: int = session.execute(insert(_r).values(**{
            "kind": kind, "person_id": person.id, "employer_id": person.organization_id, "education": [], "corrections": {},
            "state": "editing", "version": 1, "created_at": now, "updated_at": now, **values,
        }).returning(_r.c.id)).scalar_one()
    except IntegrityError:
        raise WrongState("这本证书已有一份正在办理的补换证申请，请在列表中继续办理。") from None
    _record(session, Event.REQUEST_CREATED, request_id, actor, kind=kind)
    return request_id


def _untouched(session: Session, kind: str, person_id: int, values: Mapping[str, Any]) -> int | None:
    """The person's request about the same certificate that can be edited, or the one of the same choice with nothing filled in."""
    same = [_r.c.kind == kind, _r.c.person_id == person_id, _r.c.state.in_(EDITABLE)]
    same += [_r.c[key].is_not_distinct_from(values.get(key)) for key in ("certificate_id", "title_id", "specialty_id")]
    if values.get("certificate_id") is None:
        same.append(_r.c.version == 1)
    return session.execute(select(_r.c.id).where(*same).order_by(_r.c.id.desc()).limit(1)).scalar()


def save(
    *, request_id: int, raw: Mapping[str, object], actor: Actor, version: int | None = None,
    corrections: Mapping[str, object] | None = None,
) -> dict[str, str]:
    """保存: whatever holds is stored; the errors by field key. Fields known from the certificate stay as they are."""
    with transaction() as session:
        row = lock(session, request_id, actor)
        _unchanged(row, version)
        loaded = queries.load(session, request_id)
        fields = loaded.definitions.fields
        known = set(row.data) & FROM_CERTIFICATE if row.certificate_id is not None else set()
        given = {**raw, **{key: row.data[key] for key in known}}
        values, errors = validate(fields, given, codes=loaded.names)
        kept = {key: row.data[key] for key in errors if key in row.data}
        final = {**{key: value for key, value in values.items() if key not in errors}, **kept}
        changed: dict[str, Any] = {}
        if corrections is not None:
            wanted = [field for field in loaded.definitions.corrections if field.key in corrections]
            changed, wrong = validate(wanted, corrections, codes=loaded.names.offered)
            errors |= {f"new_{key}": sentence for key, sentence in wrong.items()}
            changed = {key: value for key, value in changed.items() if key not in wrong and value != final.get(key)}
        _change(session, row, data=final, corrections=changed)
        _record(session, Event.REQUEST_SAVED, request_id, actor, keys=sorted(final), corrections=sorted(changed))
        return errors


FROM_CERTIFICATE = {
    "acquired_by", "series_name", "specialty_name", "level_name", "title_name", "approval_no", "issuer_name", "number",
    "employer_name", "acquired_on", "issued_on", "nature",
}


def save_education(
    *, request_id: int, index: int | None, raw: Mapping[str, object], actor: Actor, version: int | None = None
) -> dict[str, str]:
    """保存 one entry of 教育经历 (`index` None: a new one); the errors by field key, nothing is stored with any."""
    with transaction() as session:
        row = lock(session, request_id, actor)
        _unchanged(row, version)
        loaded = queries.load(session, request_id)
        entries = list(row.education)
        if index is None and len(entries) >= MOST_EDUCATION:
            raise WrongState("教育经历最多录入两条：最高学历和第一学历。请修改已有的记录。")
        if index is not None and not 0 <= index < len(entries):
            raise NotFound("没有找到这条教育经历，请刷新页面。")
        others = [entry for at, entry in enumerate(entries) if at != index]
        values, errors = validate(loaded.definitions.education, raw, codes=loaded.names.offered)
        errors = {**education_errors(values, others), **errors}
        if errors:
            return errors
        if index is None:
            entries.append(values)
        else:
            entries[index] = values
        _change(session, row, education=entries)
        _record(session, Event.REQUEST_SAVED, request_id, actor, education=len(entries))
        return {}


def remove_education(*, request_id: int, index: int, actor: Actor, version: int | None = None) -> None:
    """删除 one entry of 教育经历; Conflict when the list is no longer the one that was seen (`version`)."""
    with transaction() as session:
        row = lock(session, request_id, actor)
        _unchanged(row, version, "这份申请刚刚在别处有修改，请核对教育经历后再删除。")
        if not 0 <= index < len(row.education):
            raise NotFound("没有找到这条教育经历，请刷新页面。")
        _change(session, row, education=[entry for at, entry in enumerate(row.education) if at != index])
        _record(session, Event.REQUEST_SAVED, request_id, actor, education=len(row.education) - 1)


def check(*, request_id: int, actor: Actor) -> list[Finding]:
    """开始检测."""
    with transaction() as session:
        row = lock(session, request_id, actor)
        loaded = queries.load(session, request_id)
        findings = examine(loaded.facts, loaded.names.offered)
        _record(session, Event.REQUEST_CHECKED, row.id, actor, version=row.version,
                findings=[finding.label for finding in findings if not finding.ok])
        return findings


def submit(*, request_id: int, actor: Actor) -> int:
    """提交: only when every condition holds; the case's id."""
    with transaction() as session:
        row = lock(session, request_id, actor)
        loaded = queries.load(session, request_id)
        bad = next((f for f in examine(loaded.facts, loaded.names.offered) if not f.ok), None)
        if bad is not None:
            raise WrongState(f"检测结果有不符合项，不能提交：{bad.message}请补充完整后重新检测。")
        route = queries.route_of(session, loaded)
        _change(session, row, state="reviewing", submitted_at=utcnow(), employer_id=loaded.row.bound_to,
                snapshot=queries.compose(session, loaded))
        named = loaded.target.get("申请确认资格") or str(row.data.get("title_name", ""))
        case_id = engine.start(
            session, procedure=row.kind, subject_type=row.kind, subject_id=row.id,
            title=f"{loaded.row.name}-{REQUEST_KINDS[row.kind]}-{named}"[:200], route=route, actor=actor,
            person_id=row.person_id, employer_id=loaded.row.bound_to,
        )
        _record(session, Event.REQUEST_SUBMITTED, row.id, actor, case=case_id)
        return case_id


def withdraw(*, request_id: int, actor: Actor) -> None:
    """撤回 while nobody has acted on it."""
    with transaction() as session:
        row = lock(session, request_id, actor, editable=False)
        case_id = session.execute(
            select(func.max(_case.c.id)).where(
                _case.c.subject_type == row.kind, _case.c.subject_id == row.id, _case.c.state == "open")
        ).scalar()
        if row.state != "reviewing" or case_id is None:
            raise WrongState("只有“审核中”的申请可以撤回。")
        engine.cancel(session, case_id=case_id, actor=actor)


def delete_draft(*, request_id: int, actor: Actor) -> None:
    """删除 a request that was never submitted, with its files."""
    with transaction() as session:
        row = lock(session, request_id, actor)
        if row.submitted_at is not None:
            raise WrongState("该申请曾经提交，记录须保留，不能删除。")
        files.detach_all(subject_type=row.kind, subject_id=row.id, actor=actor)
        session.execute(delete(_r).where(_r.c.id == row.id, _r.c.submitted_at.is_(None)))
        _record(session, Event.REQUEST_DELETED, row.id, actor, kind=row.kind)


def _slot_rule(subject_id: int, slot: str, actor: Actor) -> files.Editable:
    session = current_session()
    row = session.execute(select(_r.c.kind, _r.c.person_id, _r.c.state).where(_r.c.id == subject_id)).first()
    if row is None:
        raise NotFound("没有找到这份申请，它可能已被删除。")
    require("own.edit", actor, row)
    if row.state not in EDITABLE:
        raise WrongState(f"该申请的状态为“{REQUEST_STATES[row.state]}”，不能修改附件。")
    found = next((s for s in queries.definitions(session, row.kind).slots if s.code == slot), None)
    if found is None:
        raise NotFound("没有这个附件项，请刷新页面。")
    return files.Editable(UploadPolicy(found.types, found.max_mb, found.max_count), row.person_id)


for _kind in REQUEST_KINDS:
    files.register_editable(_kind, _slot_rule)


# What the end of a case does, in the engine's transaction


def _reviewing(session: Session, case: CaseView) -> Row[Any]:
    row = session.execute(select(_r).where(_r.c.id == case.subject_id).with_for_update()).first()
    if row is None or row.state != "reviewing":
        raise Conflict("该申请的状态刚刚有变化，请刷新页面。")
    return row


@effect("recognition", "approved")
def _recognized(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """通过 of the issuing authority: a certificate of ours, numbered at once; its file follows by a job."""
    row = _reviewing(session, case)
    loaded = queries.load(session, row.id)
    issuer = case.route[-1]
    made = certificates.issue_recognized(
        session, request=row, target=loaded.target, issuer_id=issuer["organization_id"], issuer_name=issuer["organization"],
        holder_name=loaded.row.name, employer_name=loaded.row.employer, actor=actor,
    )
    _change(session, row, state="approved", decided_at=utcnow(), issued_id=made.certificate_id)
    _record(session, Event.REQUEST_DECIDED, row.id, actor, result="approved", certificate=made.number)


@effect("reissue", "approved")
def _reissued(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """通过: a new certificate replaces the old one, which becomes 已换发."""
    row = _reviewing(session, case)
    loaded = queries.load(session, row.id)
    issuer = case.route[-1]
    made = certificates.reissue(
        session, request=row, issuer_id=issuer["organization_id"], issuer_name=issuer["organization"],
        holder_name=loaded.row.name, prefix=str(loaded.definitions.settings.get("number_prefix", "YB")), actor=actor,
        year=deadlines.today().year,
    )
    _change(session, row, state="approved", decided_at=utcnow(), issued_id=made.certificate_id)
    _record(session, Event.REQUEST_DECIDED, row.id, actor, result="approved", certificate=made.number)


@effect("recognition", "returned")
@effect("reissue", "returned")
def _returned(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    row = _reviewing(session, case)
    _change(session, row, state="returned")
    _record(session, Event.REQUEST_DECIDED, row.id, actor, result="returned", opinion=opinion)


@effect("recognition", "withdrawn")
@effect("reissue", "withdrawn")
def _withdrawn(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    row = _reviewing(session, case)
    if case.run == 1:
        _change(session, row, state="editing", submitted_at=None)
    else:
        _change(session, row, state="returned")
    _record(session, Event.REQUEST_WITHDRAWN, row.id, actor)


@effect("recognition", "reopened")
@effect("reissue", "reopened")
def _refuse_reopening(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    raise NotAllowed("证书已签发，不能撤回审核。如确有错误，请由发证机关撤销证书。")
