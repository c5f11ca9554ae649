"""职称证书: giving out numbers without holes, and keeping the made file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotFound, Sentence, WrongState
from app.outbox import enqueue
from app.queries import integrity
from app.rules import deadlines
from app.rules.numbering import city_digits, number_of, prefix_of
from app.services import form_seal
from app.services.notification import notify
from app.transaction import transaction
from models.application import Application
from models.base import utcnow
from models.certificate import CERTIFICATE_STATES, Certificate, CertificateSequence
from models.job import Job
from models.organization import Organization
from models.person import Person
from models.result import ReviewResult
from models.series import Title, TitleLevel, TitleSeries
from models.setting import Setting

TEMPLATE_SETTING, PROVINCE_SETTING = "certificate.number_template", "certificate.province"
ACQUIRED_BY_REVIEW, ACQUIRED_BY_RECOGNITION = "评审", "确认"
RENDER_KEY = "certificate-render"
_certificate, _result = Certificate.__table__, ReviewResult.__table__
_title, _level, _series = Title.__table__, TitleLevel.__table__, TitleSeries.__table__
_sequence, _job = CertificateSequence.__table__, Job.__table__


@dataclass(frozen=True)
class Issued:
    """A certificate that exists now; `is_new` is False when it did before."""

    certificate_id: int
    number: str
    is_new: bool


def issue(*, application_id: int, actor: Actor) -> Issued:
    """Give an application whose result was approved its certificate, once; its file follows by a job. Idempotent.

    The serial comes from the same transaction as the certificate: a failure leaves no hole.
    """
    with transaction() as session:
        application = session.get(Application, application_id, with_for_update=True)  # two jobs for one take turns
        known = session.execute(
            select(_certificate.c.id, _certificate.c.number).where(_certificate.c.application_id == application_id)
        ).first()
        if known is not None:
            return Issued(known.id, known.number, is_new=False)
        if application is None or application.state != "approved":
            raise NotFound("申报尚未审核通过，不能发证。")
        result = session.execute(
            select(_result.c.approval_no, _result.c.met_on)
            .where(_result.c.application_id == application_id, _result.c.approval_no != "")
        ).first()
        if result is None:
            raise WrongState("评审结果尚未公示期满并批准，不能发证。")
        _refuse_barred(session, application.person_id, application.person.name)
        number = _next_number(
            session, year=application.plan_year, region_code=application.plan.committee.region_code,
            series=application.series.number_code, level=application.title.level.number_code,
        )
        today = deadlines.today()
        committee = application.plan.committee
        form_seal.order(session, subject_type="application", subject_id=application_id, organization_id=committee.issuer_id)
        return _insert(session, actor, number, {
            "person_id": application.person_id, "application_id": application_id,
            "issuer_id": committee.issuer_id, "convener_id": committee.convener_id, "holder_name": application.person.name,
            "employer_name": application.employer.name, "series_name": application.series.name,
            "specialty_name": application.specialty.name, "title_name": application.title.name,
            "level_name": application.title.level.name, "committee_name": committee.name,
            "issuer_name": committee.issuer.name, "acquired_by": ACQUIRED_BY_REVIEW, "approval_no": result.approval_no,
            "year": application.plan_year, "acquired_on": result.met_on, "issued_on": today,
        }, application=application_id)


def request_rendering(session: Session, *, certificate_id: int, version: int) -> None:
    """Ask for the file of one version of a certificate, once; inside a transaction."""
    enqueue(session, kind="certificate.render", key=f"{RENDER_KEY}:{certificate_id}:{version}",
            payload={"certificate_id": certificate_id})


def issue_recognized(
    session: Session, *, request: Any, target: Mapping[str, str], issuer_id: int, issuer_name: str, holder_name: str,
    employer_name: str, actor: Actor,
) -> Issued:
    """A certificate for a title confirmed from elsewhere, inside the deciding transaction."""
    _refuse_barred(session, request.person_id, holder_name)
    codes = session.execute(
        select(_series.c.number_code.label("series"), _level.c.number_code.label("level"))
        .select_from(_title).join(_series, _series.c.id == _title.c.series_id).join(_level, _level.c.id == _title.c.level_id)
        .where(_title.c.id == request.title_id)
    ).one()
    today = deadlines.today()
    return _insert(session, actor, _next_number(
        session, year=today.year, region_code=_region_of(session, issuer_id), series=codes.series, level=codes.level,
    ), {
        "person_id": request.person_id, "issuer_id": issuer_id, "convener_id": issuer_id, "holder_name": holder_name,
        "employer_name": employer_name, "series_name": target["申请确认系列"], "specialty_name": target["申请确认专业"],
        "title_name": target["申请确认资格"], "level_name": target["申请确认级别"],
        "committee_name": request.data["former_committee"], "issuer_name": issuer_name, "acquired_by": ACQUIRED_BY_RECOGNITION,
        "approval_no": request.data["former_approval_no"], "year": today.year,
        "acquired_on": dt.date.fromisoformat(request.data["former_acquired_on"]), "issued_on": today,
        "original_number": request.data["former_number"],
    }, request=request.id)


def reissue(
    session: Session, *, request: Any, issuer_id: int, issuer_name: str, holder_name: str, prefix: str, year: int, actor: Actor,
) -> Issued:
    """A certificate that replaces another, inside the deciding transaction; the old one of ours becomes 已换发."""
    says = {**request.data, **request.corrections}
    old = None
    if request.certificate_id is not None:
        old = session.execute(select(_certificate).where(_certificate.c.id == request.certificate_id).with_for_update()).one()
        done = session.execute(
            update(_certificate).where(_certificate.c.id == old.id, _certificate.c.state == "valid")
            .values(state="replaced", version=_certificate.c.version + 1, updated_at=utcnow())
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise WrongState("原证书已失效，不能再补换。")
    series = session.execute(select(_series.c.number_code).where(_series.c.name == says["series_name"])).scalar()
    level = session.execute(select(_level.c.number_code).where(_level.c.name == says["level_name"])).scalar()
    if series is None or level is None:
        raise Invalid("申请中的系列名称或职称级别不在系统字典中，不能编号。请退回申请人按系统中的名称填写。")
    number = prefix + _next_number(
        session, year=year, region_code=_region_of(session, issuer_id), series=series, level=level)
    made = _insert(session, actor, number, {
        "person_id": request.person_id, "issuer_id": issuer_id, "convener_id": old.convener_id if old else issuer_id,
        "holder_name": holder_name, "employer_name": says["employer_name"], "series_name": says["series_name"],
        "specialty_name": says["specialty_name"], "title_name": says["title_name"], "level_name": says["level_name"],
        "committee_name": old.committee_name if old else "", "issuer_name": old.issuer_name if old else says["issuer_name"],
        "acquired_by": says["acquired_by"], "approval_no": says["approval_no"], "year": year,
        "acquired_on": dt.date.fromisoformat(says["acquired_on"]), "issued_on": dt.date.fromisoformat(says["issued_on"]),
        "original_number": says["number"], "replaces_id": request.certificate_id,
    }, request=request.id)
    if old is not None:
        record_event(session, event=Event.CERTIFICATE_REPLACED, subject_type="certificate", subject_id=old.id, actor=actor,
                     data={"by": made.number})
    return made


def revoke(*, certificate_id: int, reason: str, actor: Actor) -> None:
    """撤销 by the issuing authority: the certificate stays on record and no longer holds."""
    with transaction() as session:
        row = session.execute(select(_certificate).where(_certificate.c.id == certificate_id).with_for_update()).first()
        if row is None or actor.organization_id is None or row.issuer_id != actor.organization_id:
            raise NotFound("没有找到这本证书，它可能不是本单位签发的。")
        if row.state != "valid":
            raise WrongState(f"该证书的状态为“{CERTIFICATE_STATES[row.state]}”，不需要撤销。")
        if not reason.strip():
            raise Invalid("请填写撤销原因。", {"reason": "请填写撤销原因和依据，持证人可以看到。"})
        session.execute(
            update(_certificate).where(_certificate.c.id == row.id, _certificate.c.state == "valid")
            .values(state="revoked", revoked_on=deadlines.today(), revoked_reason=reason.strip()[:300],
                    version=row.version + 1, updated_at=utcnow())
        )
        record_event(session, event=Event.CERTIFICATE_REVOKED, subject_type="certificate", subject_id=row.id, actor=actor,
                     data={"number": row.number, "reason": reason.strip()})
        user_id = session.scalar(select(Person.user_id).where(Person.id == row.person_id))
        if user_id is not None:
            notify(session, user_ids=[user_id], key=f"certificate-revoked:{row.id}",
                   title=f"您的职称证书 {row.number} 已被撤销：{reason.strip()}"[:200], link="/certificates/")


def _refuse_barred(session: Session, person_id: int, name: str) -> None:
    """Who may not apply is not given a title either, also when the record was made after the approval.

    A 补换证 gives nothing new and is not refused.
    """
    record = integrity.barring(session, person_id)
    if record is not None:
        raise WrongState(Sentence(
            "“%(name)s”在诚信档案中有记录（%(what)s），%(since)s 至 %(until)s 不能发证。该记录解除或期满后，请重试。", name=name,
            what=record.category_name or record.reason, since=record.banned_from.isoformat(), until=record.banned_until.isoformat(),
        ))


def _insert(session: Session, actor: Actor, number: str, values: Mapping[str, Any], **event: Any) -> Issued:
    now = utcnow()
    certificate_id: int = session.execute(insert(_certificate).values(**{
        "number": number, "state": "valid", "render_key": "", "version": 1, "created_at": now, "updated_at": now,
        "original_number": "", "revoked_reason": "", **values,
    }).returning(_certificate.c.id)).scalar_one()
    request_rendering(session, certificate_id=certificate_id, version=1)
    record_event(session, event=Event.CERTIFICATE_ISSUED, subject_type="certificate", subject_id=certificate_id,
                 actor=actor, data={"number": number, **event})
    return Issued(certificate_id, number, is_new=True)


def _region_of(session: Session, organization_id: int) -> str:
    return str(session.execute(
        select(Organization.__table__.c.region_code).where(Organization.__table__.c.id == organization_id)
    ).scalar_one())


def _next_number(session: Session, *, year: int, region_code: str, series: str, level: str) -> str:
    settings = {
        row.key: row.value
        for row in session.scalars(select(Setting).where(Setting.key.in_((TEMPLATE_SETTING, PROVINCE_SETTING))))
    }
    if len(settings) != 2:
        raise Invalid("系统设置中没有证书编号模板，请先在“系统设置”中补充。")
    province = str(settings[PROVINCE_SETTING])
    template = str(settings[TEMPLATE_SETTING])
    prefix = prefix_of(template, {
        "province": province, "year": str(year), "city": city_digits(region_code, province), "series": series, "level": level,
    })
    insert_sequence = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    serial = session.execute(
        insert_sequence(_sequence).values(prefix=prefix, last=1)
        .on_conflict_do_update(index_elements=["prefix"], set_={"last": _sequence.c.last + 1})
        .returning(_sequence.c.last)
    ).scalar_one()
    return number_of(template, prefix, serial)


def keep_file(*, certificate_id: int, file_id: int, render_key: str, actor: Actor) -> bool:
    """Attach a made file to its certificate; False when a file of the same making is there already."""
    with transaction() as session:
        changed = session.execute(
            update(_certificate)
            .where(_certificate.c.id == certificate_id, _certificate.c.render_key != render_key)
            .values(file_id=file_id, render_key=render_key, rendered_at=utcnow(), updated_at=utcnow())
            .returning(_certificate.c.number, _certificate.c.person_id)
        ).first()
        if changed is None:
            return False
        session.execute(  # earlier tries that gave up, for want of a photo say, are settled by this one
            update(_job).where(_job.c.key.startswith(f"{RENDER_KEY}:{certificate_id}:"), _job.c.state == "failed")
            .values(state="done")
        )
        record_event(session, event=Event.CERTIFICATE_RENDERED, subject_type="certificate",
                     subject_id=certificate_id, actor=actor, data={"file": file_id, "key": render_key})
        user_id = session.scalar(select(Person.user_id).where(Person.id == changed.person_id))
        if user_id is not None:
            notify(session, user_ids=[user_id], key=f"certificate-ready:{certificate_id}:{render_key}",
                   title=f"您的职称证书 {changed.number} 已生成，可在“我的职称”下载。", link="/certificates/")
        return True
