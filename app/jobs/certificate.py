"""Certificates in the background: give the number, make the PDF, keep it, tell the holder."""

from __future__ import annotations

from dataclasses import replace

from flask import current_app
from sqlalchemy import select

from app.actor import SYSTEM
from app.errors import DomainError
from app.jobs.registry import GiveUp, JobView, handler
from app.queries import seal as seals
from app.queries.certificate import to_render
from app.reports.certificate import (
    TEMPLATE_HASH,
    CertificateData,
    certificate_digest,
    render_certificate,
)
from app.reports.certificate_layout import PAGE_HEIGHT, POINTS_PER_MM, SEAL_BOXES
from app.reports.errors import CertificateDataError
from app.reports.platform_key import REASON, platform_key
from app.reports.seal_fields import Place, square, with_fields
from app.reports.sealing import SealKey, set_seal
from app.reports.signing import private_key_from_seed, sign_payload
from app.rules.identity import mask_id_number
from app.services import certificate as certificates
from app.services import file as files
from app.transaction import current_session
from models.certificate import Certificate
from models.dictionary import CodeItem, CodeTable

_BOX = SEAL_BOXES[1]
ISSUER_PLACE = Place("issuer", 0, square(
    (_BOX.x + _BOX.width / 2) * POINTS_PER_MM, (PAGE_HEIGHT - _BOX.y - _BOX.height / 2) * POINTS_PER_MM))

PLATFORM_PLACE = Place("platform", 0, None)


@handler("certificate.issue")
def issue(job: JobView) -> None:
    """The result of the application of the payload was approved (app.services.result)."""
    try:
        certificates.issue(application_id=job.payload["application_id"], actor=SYSTEM)
    except DomainError as error:  # a rule forbids it: the convener reads why and tries again when that has ended
        raise GiveUp(error.message) from error


@handler("certificate.render")
def render(job: JobView) -> None:
    """Make the file of a certificate; keyed by (certificate, version, template), so a repeated run changes nothing."""
    certificate = to_render(current_session(), job.payload["certificate_id"])
    if certificate is None:
        raise GiveUp("the certificate is gone")
    render_key = f"{certificate.version}:{TEMPLATE_HASH}"
    if certificate.render_key == render_key:
        return
    person, number, certificate_id = certificate.person, certificate.number, certificate.id
    try:
        data = _signed(_data(certificate))
        pdf = render_certificate(data)
        seal_id = seals.in_use(current_session(), [certificate.issuer_id]).get(certificate.issuer_id)
        if seal_id is not None:
            key = seals.material(current_session(), seal_id)
            pdf = set_seal(with_fields(pdf, [ISSUER_PLACE]), ISSUER_PLACE.name, SealKey(key.p12, key.picture))
        else:  # so that every certificate can be checked without a network; its place stays blank for the hand stamp
            own = platform_key(bytes.fromhex(current_app.config["SIGNING_SEED"]))
            pdf = set_seal(with_fields(pdf, [PLATFORM_PLACE]), PLATFORM_PLACE.name, own, reason=REASON)
    except CertificateDataError as error:  # no photo, say: another try would fail in the same way
        raise GiveUp(str(error)) from error
    file = files.store_generated(
        data=pdf, name=f"职称证书-{number}.pdf", media_type="application/pdf", actor=SYSTEM, person_id=person.id
    )
    if not certificates.keep_file(
        certificate_id=certificate_id, file_id=file.id, render_key=render_key, actor=SYSTEM
    ):
        files.discard(file_id=file.id, actor=SYSTEM)


def _data(certificate: Certificate) -> CertificateData:
    person = certificate.person
    if person.birth_date is None:
        raise CertificateDataError("持证人的出生日期缺失，请先在“个人信息”中补充。")
    document = current_session().scalar(
        select(CodeItem.name).join(CodeTable).where(
            CodeTable.code == "id_doc_type", CodeItem.code == person.id_doc_type
        )
    )
    return CertificateData(
        number=certificate.number, name=certificate.holder_name, sex=person.sex,
        birth_date=person.birth_date,
        id_document=document or "居民身份证", id_number_masked=mask_id_number(person.id_number),
        organization=certificate.employer_name, series=certificate.series_name, specialty=certificate.specialty_name,
        title=certificate.title_name, level=certificate.level_name, acquired_by=certificate.acquired_by,
        committee=certificate.committee_name, issuer=certificate.issuer_name, acquired_on=certificate.acquired_on,
        approval_no=certificate.approval_no, issued_on=certificate.issued_on,
        photo=files.content(person.photo) if person.photo else b"", verify_url="",
    )


def _signed(data: CertificateData) -> CertificateData:
    config = current_app.config
    return replace(data, verify_url=sign_payload(
        data.number, certificate_digest(data), base_url=config["PUBLIC_URL"],
        private_key=private_key_from_seed(bytes.fromhex(config["SIGNING_SEED"])),
    ))
