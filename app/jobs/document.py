"""Documents in the background: one function a kind composes facts into a PDF (or an archive), the rest is common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import SYSTEM
from app.jobs.registry import GiveUp, JobView, handler
from app.queries import personal_request
from app.queries.review_form import review_form_facts
from app.reports import form, request_form
from app.reports.errors import ReportError
from app.reports.pledge import pledge_form
from app.reports.review_form import review_form
from app.services import document as documents
from app.services import file as files
from app.transaction import current_session
from models.document import Document
from models.file import StoredFile

_d = Document.__table__


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

    @property
    def cache_key(self) -> str:
        """Names content and look, the photo included."""
        return form.context_key(self.code, {**self.context, "photo_id": self.photo_id}, draft=self.is_draft)


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
    return _composers[kind](session, subject_id, run)


@composer("review_form")
def _review_form(session: Session, subject_id: int, run: int | None) -> Composed:
    facts = review_form_facts(session, subject_id, run=run)
    return Composed("review_form", review_form(facts), f"专业技术资格评审表-{facts['name']}", facts["photo_id"],
                    facts["person_id"], facts["run"], is_draft=run == 0)


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
                    facts["person_id"], facts["run"], is_draft=facts["is_draft"] and not pledge)


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
    composed = compose(session, row.kind, row.subject_id, row.run)
    return render(session, composed), f"{composed.name}.pdf", "application/pdf"


def render(session: Session, composed: Composed) -> bytes:
    """The PDF of a composed form; the transaction ends first, a page takes a second."""
    photo = session.get(StoredFile, composed.photo_id) if composed.photo_id else None
    picture = files.content(photo) if photo else b""
    session.rollback()
    return form.render_form(composed.code, composed.context, title=composed.name, photo=picture, draft=composed.is_draft)
