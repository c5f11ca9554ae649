"""Documents in the background: made once, grown by seals when nodes are passed, packed into archives."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import SYSTEM
from app.errors import Conflict, NotFound
from app.jobs.document import ARCHIVES, FORMS, GROWING, Composed, compose
from app.jobs.registry import GiveUp, JobView, handler
from app.queries import seal as seals
from app.queries.certificate import certificates_of_plan
from app.queries.review_form import forms_of_plan
from app.reports import form, growth
from app.reports.errors import ReportError
from app.reports.platform_key import REASON, platform_key
from app.reports.sealing import SealKey
from app.reports.slip import Entry
from app.services import document as documents
from app.services import file as files
from app.services.form_seal import KIND as SEAL
from app.transaction import current_session
from models.certificate import Certificate
from models.document import Document
from models.file import StoredFile

_d, _c = Document.__table__, Certificate.__table__
MOST_TRIES = 5
PROGRESS_STEP = 20
SPOOLED_BYTES = 8 * 1024 * 1024


@handler("document.make")
def make(job: JobView) -> None:
    """Make one document. Idempotent: a made one stays as it is."""
    session = current_session()
    row = session.execute(select(_d).where(_d.c.id == job.payload["document_id"])).first()
    if row is None or row.state == "made":
        return
    try:
        if row.kind in ARCHIVES:
            _archive(session, row)
        else:
            bring_up(session, row)
    except (ReportError, NotFound) as error:
        session.rollback()
        documents.fail(document_id=row.id, error=str(error))
        raise GiveUp(str(error)) from error
    except Exception:
        if job.attempts >= job.max_attempts:
            session.rollback()
            documents.fail(document_id=row.id, error="生成时发生意外，已通知运维人员，请稍后重试。")
        raise


@handler(SEAL)
def seal(job: JobView) -> None:
    """A node was passed, or an approval taken back: every form of the subject that grows is asked for again."""
    session, subject_type, subject_id = current_session(), job.payload["subject_type"], job.payload["subject_id"]
    for kind in GROWING[subject_type]:
        try:
            composed = compose(session, kind, subject_id, None)
        except NotFound:  # the application has no such form
            continue
        if composed.grows and composed.entries:
            ask(composed, kind=kind, subject_type=subject_type, subject_id=subject_id)


def ask(composed: Composed, *, kind: str, subject_type: str, subject_id: int, by_job: bool = True) -> int:
    """The document of a composed form, made by a job unless it says this already."""
    return documents.ask(
        kind=kind, subject_type=subject_type, subject_id=subject_id, cache_key=composed.cache_key, actor=SYSTEM, run=composed.run,
        is_draft=composed.is_draft, person_id=composed.person_id, is_current=composed.is_current, by_job=by_job,
    )


def bring_up(session: Session, row: Any) -> bytes:
    """Make the document of a row, or let it grow, until it says what it should say now; its bytes.

    The file is exchanged under the guard of the file it was made from: of two workers the slower one begins again.
    """
    for _try in range(MOST_TRIES):
        composed = compose(session, row.kind, row.subject_id, row.run)
        now = session.execute(select(_d.c.file_id, _d.c.marks, _d.c.state).where(_d.c.id == row.id)).one()
        if now.state == "made" and composed.is_current(now.marks):
            return _content(session, now.file_id)
        if composed.grows:
            data, marks = _grown(session, composed, now)
        else:
            data, marks = _set(session, composed), []
        file = files.store_generated(data=data, name=f"{composed.name}.pdf", media_type="application/pdf", actor=SYSTEM,
                                     person_id=row.person_id, organization_id=row.organization_id)
        kept = documents.keep(document_id=row.id, file_id=file.id, actor=SYSTEM, before=now.file_id, marks=marks)
        spare = now.file_id if kept else file.id
        if spare is not None:
            files.discard(file_id=spare, actor=SYSTEM)
        if kept and not composed.grows:
            return data
        session.rollback()
        if kept:  # somebody may have decided meanwhile; asking changes nothing when nobody has
            ask(compose(session, row.kind, row.subject_id, row.run), kind=row.kind, subject_type=row.subject_type,
                subject_id=row.subject_id)
            return data
    raise Conflict("文档正在由另一个任务生成，请稍后重试。")


def _grown(session: Session, composed: Composed, now: Any) -> tuple[bytes, list[growth.Mark]]:
    entries = list(composed.entries or ())
    data, marks = (_content(session, now.file_id), list(now.marks)) if now.file_id and now.marks else (b"", [])
    if len(marks) < 2 and not (marks and marks[0]["key"] == composed.base_key):
        marks = []  # nobody has signed: the newest wording and look
    known = seals.in_use(session, [entry.organization_id for entry in entries if entry.organization_id])
    new = entries[growth.standing(marks, composed.keys) if marks else 0:]
    keys = {
        seal_id: seals.material(session, seal_id)
        for seal_id in {known[e.organization_id] for e in new if e.organization_id in known}
    }
    if not marks:
        data = _set(session, composed)
        marks = growth.based(data, composed.base_key, composed.facts)
    session.rollback()  # setting a seal takes a quarter of a second
    own = platform_key(bytes.fromhex(current_app.config["SIGNING_SEED"]))

    def signer_of(entry: Entry) -> growth.Signer:
        seal_id = known.get(entry.organization_id or 0)
        if seal_id is None:
            return None, own, REASON
        return seal_id, SealKey(keys[seal_id].p12, keys[seal_id].picture), "电子印章"

    return growth.grow(data, marks, entries, signer_of)


def _set(session: Session, composed: Composed) -> bytes:
    """The PDF of a composed form; the transaction ends first, a page takes a second."""
    photo = session.get(StoredFile, composed.photo_id) if composed.photo_id else None
    picture = files.content(photo) if photo else b""
    session.rollback()
    return form.render_form(composed.code, composed.context, title=composed.name, photo=picture, draft=composed.is_draft)


def _content(session: Session, file_id: int) -> bytes:
    return files.content(session.get_one(StoredFile, file_id))


def _archive(session: Session, row: Any) -> None:
    """Every paper of the applications of a plan, or every certificate, as one zip, through a temporary file: never more than
    one in memory.
    """
    ids = forms_of_plan(session, row.subject_id) if row.kind == FORMS else certificates_of_plan(session, row.subject_id)
    contents = papers if row.kind == FORMS else _certificate
    with tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for number, one in enumerate(ids, 1):
                for name, data in contents(session, one):
                    archive.writestr(f"{number:04d}-{name}.pdf", data)
                if number % PROGRESS_STEP == 0 or number == len(ids):
                    documents.progress(document_id=row.id, done=number)
        keep_archive(row, target)


def keep_archive(row: Any, target: IO[bytes]) -> None:
    """Store a packed archive from its temporary file."""
    target.seek(0)
    file = files.store_generated_stream(stream=target, name=f"{ARCHIVES[row.kind]}-{row.id}.zip", media_type="application/zip", actor=SYSTEM,
                                        person_id=row.person_id, organization_id=row.organization_id)
    if not documents.keep(document_id=row.id, file_id=file.id, actor=SYSTEM):
        files.discard(file_id=file.id, actor=SYSTEM)


def _certificate(session: Session, certificate_id: int) -> Iterator[tuple[str, bytes]]:
    """(name, PDF) of a certificate."""
    row = session.execute(select(_c.c.number, _c.c.holder_name, _c.c.file_id).where(_c.c.id == certificate_id)).one()
    yield f"{row.number}-{row.holder_name}", _content(session, row.file_id)


def papers(session: Session, application_id: int) -> Iterator[tuple[str, bytes]]:
    """The papers of a submitted application, (name, PDF): as they are kept, made where they are not."""
    for kind in GROWING["application"]:
        try:
            composed = compose(session, kind, application_id, None)
        except NotFound:
            continue
        document_id = ask(composed, kind=kind, subject_type="application", subject_id=application_id, by_job=False)
        row = session.execute(select(_d).where(_d.c.id == document_id)).one()
        yield composed.name, bring_up(session, row)
