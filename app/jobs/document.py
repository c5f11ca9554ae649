"""Documents in the background: one function a kind composes facts into a PDF (or an archive), the rest is common."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import SYSTEM
from app.jobs.registry import GiveUp, JobView, handler
from app.queries import personal_request
from app.queries import seal as seals
from app.queries.review_form import forms_of_plan, review_form_facts
from app.reports import form, request_form
from app.reports.errors import ReportError
from app.reports.pledge import pledge_form
from app.reports.review_form import review_form
from app.reports.sealing import SealKey, empty_fields, set_seal
from app.services import document as documents
from app.services import file as files
from app.transaction import current_session
from models.document import Document
from models.file import StoredFile

_d = Document.__table__
ARCHIVE = "plan_forms"


@dataclass(frozen=True)
class Composed:
    """A form before it is set: what is printed, whose photo, how the file is called."""

    code: str
    context: Mapping[str, Any]
    name: str
    photo_id: int | None
    person_id: int | None
    run: int
    is_draft: bool
    sealed_by: Mapping[str, int] = field(default_factory=dict)  # field of a seal -> the organization that passed the node
    seals: Mapping[str, int] = field(default_factory=dict)  # field -> the seal to set, where that organization has one

    @property
    def cache_key(self) -> str:
        """Names content and look, the photo and the seals included."""
        extra = {"photo_id": self.photo_id, "seals": dict(self.seals)}
        return form.context_key(self.code, {**self.context, **extra}, draft=self.is_draft)


Composer = Callable[[Session, int, int | None], Composed]
_composers: dict[str, Composer] = {}


def composer(kind: str) -> Callable[[Composer], Composer]:
    """Register how the form `kind` of a subject (id, run) is composed."""

    def register(function: Composer) -> Composer:
        _composers[kind] = function
        return function

    return register


def compose(session: Session, kind: str, subject_id: int, run: int | None) -> Composed:
    """The form as it would be made now. `run` None: of the latest submission; 0: of what is being edited."""
    composed = _composers[kind](session, subject_id, run)
    known = seals.in_use(session, composed.sealed_by.values())
    return replace(composed, seals={
        name: known[organization_id] for name, organization_id in composed.sealed_by.items() if organization_id in known
    })


def _sealed_by(facts: Mapping[str, Any]) -> dict[str, int]:
    """Every node that was passed, by the name of its seal's field; the issuer once the certificate is there."""
    found = {node: given["organization_id"] for node, given in facts["opinions"].items()}
    if "issuer_id" in (facts.get("certificate") or {}):
        found["issuer"] = facts["certificate"]["issuer_id"]
    return found


@composer("review_form")
def _review_form(session: Session, subject_id: int, run: int | None) -> Composed:
    facts = review_form_facts(session, subject_id, run=run)
    return Composed("review_form", review_form(facts), f"专业技术资格评审表-{facts['name']}", facts["photo_id"],
                    facts["person_id"], facts["run"], is_draft=run == 0, sealed_by=_sealed_by(facts))


@composer("pledge")
def _pledge(session: Session, subject_id: int, run: int | None) -> Composed:
    facts = review_form_facts(session, subject_id, run=run)
    return Composed("pledge", pledge_form(facts), f"诚信承诺书-{facts['name']}", None, facts["person_id"], facts["run"],
                    is_draft=False)


def _request(code: str, session: Session, subject_id: int) -> Composed:
    facts = personal_request.form_facts(session, subject_id)
    context = request_form.reissue_pledge(facts) if code == "reissue_pledge" else request_form.request_form(facts)
    pledge = code == "reissue_pledge"
    return Composed(code, context, f"{context['title']}-{facts['name']}", None if pledge else facts["photo_id"],
                    facts["person_id"], facts["run"], is_draft=facts["is_draft"] and not pledge, sealed_by={} if pledge else _sealed_by(facts))


@composer("recognition_form")
def _recognition_form(session: Session, subject_id: int, run: int | None) -> Composed:
    return _request("recognition_form", session, subject_id)


@composer("reissue_form")
def _reissue_form(session: Session, subject_id: int, run: int | None) -> Composed:
    return _request("reissue_form", session, subject_id)


@composer("reissue_pledge")
def _reissue_pledge(session: Session, subject_id: int, run: int | None) -> Composed:
    return _request("reissue_pledge", session, subject_id)


@handler("document.make")
def make(job: JobView) -> None:
    """Make one document. Idempotent: a made one stays as it is."""
    session = current_session()
    row = session.execute(select(_d).where(_d.c.id == job.payload["document_id"])).first()
    if row is None or row.state == "made":
        return
    try:
        data, name, media_type = _made(session, row)
    except ReportError as error:
        session.rollback()
        documents.fail(document_id=row.id, error=str(error))
        raise GiveUp(str(error)) from error
    except Exception:
        if job.attempts >= job.max_attempts:
            session.rollback()
            documents.fail(document_id=row.id, error="生成时发生意外，已通知运维人员，请稍后重试。")
        raise
    file = files.store_generated(data=data, name=name, media_type=media_type, actor=SYSTEM, person_id=row.person_id,
                                 organization_id=row.organization_id)
    if not documents.keep(document_id=row.id, file_id=file.id, actor=SYSTEM):
        files.discard(file_id=file.id, actor=SYSTEM)


def _made(session: Session, row: Any) -> tuple[bytes, str, str]:
    if row.kind == ARCHIVE:
        return _archive(session, row), f"评审表-{row.id}.zip", "application/zip"
    composed = compose(session, row.kind, row.subject_id, row.run)
    return render(session, composed), f"{composed.name}.pdf", "application/pdf"


def _archive(session: Session, row: Any) -> bytes:
    """Every review form of a plan as one zip; a form that was made already is taken as it is."""
    ids = forms_of_plan(session, row.subject_id)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, application_id in enumerate(ids, 1):
            composed = compose(session, "review_form", application_id, None)
            archive.writestr(f"{number:04d}-{composed.name}.pdf", _known(session, application_id, composed) or render(session, composed))
            documents.progress(document_id=row.id, done=number)
    return target.getvalue()


def _known(session: Session, application_id: int, composed: Composed) -> bytes | None:
    file_id = session.execute(select(_d.c.file_id).where(
        _d.c.kind == "review_form", _d.c.subject_type == "application", _d.c.subject_id == application_id,
        _d.c.cache_key == composed.cache_key, _d.c.state == "made",
    )).scalar()
    file = session.get(StoredFile, file_id) if file_id else None
    return files.content(file) if file else None


def render(session: Session, composed: Composed) -> bytes:
    """The PDF of a composed form; the transaction ends first, a page takes a second."""
    photo = session.get(StoredFile, composed.photo_id) if composed.photo_id else None
    picture = files.content(photo) if photo else b""
    keys = {name: seals.material(session, seal_id) for name, seal_id in composed.seals.items()}
    session.rollback()
    pdf = form.render_form(composed.code, composed.context, title=composed.name, photo=picture, draft=composed.is_draft)
    places = set(empty_fields(pdf)) if keys else set()
    for name, key in keys.items():  # in the order in which the nodes were passed
        if name in places:
            pdf = set_seal(pdf, name, SealKey(key.p12, key.picture))
    return pdf
