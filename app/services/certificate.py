"""职称证书: giving out numbers without holes, and keeping the made file."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotFound
from app.outbox import enqueue
from app.rules import deadlines
from app.rules.numbering import city_digits, number_of, prefix_of
from app.services.notification import notify
from app.transaction import transaction
from models.application import Application
from models.base import utcnow
from models.certificate import Certificate, CertificateSequence
from models.job import Job
from models.person import Person
from models.setting import Setting

TEMPLATE_SETTING, PROVINCE_SETTING = "certificate.number_template", "certificate.province"
ACQUIRED_BY_REVIEW = "评审"
RENDER_KEY = "certificate-render"
_certificate = Certificate.__table__
_sequence, _job = CertificateSequence.__table__, Job.__table__


@dataclass(frozen=True)
class Issued:
    """A certificate that exists now; `is_new` is False when it did before."""

    certificate_id: int
    number: str
    is_new: bool


def issue(*, application_id: int, actor: Actor) -> Issued:
    """Give an approved application its certificate, once; its file follows by a job. Idempotent.

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
        number = _next_number(session, application)
        today = deadlines.today()
        committee = application.plan.committee
        certificate_id: int = session.execute(insert(_certificate).values(
            number=number, person_id=application.person_id, application_id=application_id,
            issuer_id=committee.issuer_id, convener_id=committee.convener_id, holder_name=application.person.name,
            employer_name=application.employer.name, series_name=application.series.name,
            specialty_name=application.specialty.name, title_name=application.title.name,
            level_name=application.title.level.name, committee_name=committee.name,
            issuer_name=committee.issuer.name, acquired_by=ACQUIRED_BY_REVIEW, approval_no="",
            year=application.plan_year, acquired_on=deadlines.today(application.decided_at), issued_on=today,
            state="valid", render_key="", version=1, created_at=utcnow(), updated_at=utcnow(),
        ).returning(_certificate.c.id)).scalar_one()
        request_rendering(session, certificate_id=certificate_id, version=1)
        record_event(session, event=Event.CERTIFICATE_ISSUED, subject_type="certificate", subject_id=certificate_id,
                     actor=actor, data={"number": number, "application": application_id})
        return Issued(certificate_id, number, is_new=True)


def request_rendering(session: Session, *, certificate_id: int, version: int) -> None:
    """Ask for the file of one version of a certificate, once; inside a transaction."""
    enqueue(session, kind="certificate.render", key=f"{RENDER_KEY}:{certificate_id}:{version}",
            payload={"certificate_id": certificate_id})


def _next_number(session: Session, application: Application) -> str:
    settings = {
        row.key: row.value
        for row in session.scalars(select(Setting).where(Setting.key.in_((TEMPLATE_SETTING, PROVINCE_SETTING))))
    }
    if len(settings) != 2:
        raise Invalid("系统设置中没有证书编号模板，请先在“系统设置”中补充。")
    province = str(settings[PROVINCE_SETTING])
    template = str(settings[TEMPLATE_SETTING])
    prefix = prefix_of(template, {
        "province": province, "year": str(application.plan_year),
        "city": city_digits(application.plan.committee.region_code, province),
        "series": application.series.number_code, "level": application.title.level.number_code,
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
