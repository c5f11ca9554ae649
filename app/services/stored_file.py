"""The bytes of files: uploads checked and stored, content read back, files deleted with their last reference.

The bytes are in the store, durable, before the row commits; an object is deleted after the commit that removed its
row. A crash between the two leaves at worst an object without a row, which `flask files reconcile` finds.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Any, BinaryIO, cast

from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, DomainError, NotFound
from app.rules import upload
from app.rules.upload import Inspected, UploadPolicy
from app.rules.upload_image import Cut, photo, reencode
from app.rules.upload_name import clean_name, split_extension
from app.storage import Readable, configured_store, new_key
from app.transaction import current_session, on_commit, transaction
from models.base import utcnow
from models.file import StoredFile

log = logging.getLogger(__name__)
PHOTO = UploadPolicy(types=("jpg", "png"), max_mb=5, max_count=1)
_scanners: list[upload.Scan] = []  # at most one


def use_scanner(scan: upload.Scan) -> None:
    """Install a virus scanner for all uploads (an adapter of clamd, say); `upload.unscanned` removes it."""
    _scanners[:] = [scan]


def inspected_upload(
    stream: IO[bytes], filename: str, policy: UploadPolicy, redraw: upload.Redraw = reencode
) -> Inspected:
    """Spool an upload under the policy's limit and check it."""
    with upload.spool(stream, policy) as spooled:
        scan = _scanners[0] if _scanners else upload.unscanned
        return upload.inspect(spooled, filename, policy, scan, redraw)


def store_upload(
    *, stream: IO[bytes], filename: str, policy: UploadPolicy, actor: Actor,
    person_id: int | None = None, organization_id: int | None = None,
) -> StoredFile:
    """Check an upload, store it and return its row. Invalid says what is wrong with the file."""
    return _store(inspected_upload(stream, filename, policy), actor, person_id, organization_id)


def store_photo(
    *, stream: IO[bytes], filename: str, actor: Actor, person_id: int, fit: bool = True, cut: Cut | None = None
) -> StoredFile:
    """证件照: stored as JPEG; `fit` cuts it to 2 寸 (413 × 579 pixels), as `cut` says or in the middle."""
    picture = inspected_upload(stream, filename, PHOTO, partial(photo, fit=fit, cut=cut or Cut()))
    stem, _ = split_extension(picture.clean_name)
    return _store(Inspected("image/jpeg", "jpg", picture.data, f"{stem}.jpg"), actor, person_id, None)


def store_generated(
    *, data: bytes, name: str, media_type: str, actor: Actor,
    person_id: int | None = None, organization_id: int | None = None,
) -> StoredFile:
    """Store what the system made itself (certificates, forms, demo files): not inspected. Never for uploads."""
    name = clean_name(name)
    made = Inspected(media_type, split_extension(name)[1], data, name)
    return _store(made, actor, person_id, organization_id)


def store_generated_stream(
    *, stream: IO[bytes], name: str, media_type: str, actor: Actor,
    person_id: int | None = None, organization_id: int | None = None,
) -> StoredFile:
    """`store_generated` of what is too large for memory: read twice, once for its digest, once into the store."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(1024 * 1024):
        digest.update(chunk)
        size += len(chunk)
    stream.seek(0)
    key = new_key()
    configured_store().put(key, cast(BinaryIO, stream), media_type)
    with transaction() as session:
        file = StoredFile(
            key=key, name=clean_name(name), media_type=media_type, size=size, sha256=digest.hexdigest(),
            uploaded_by=actor.user_id, person_id=person_id, organization_id=organization_id, created_at=utcnow(),
        )
        session.add(file)
        session.flush()  # its id is the subject of the audit row
        record_event(session, event=Event.FILE_STORED, subject_type="file", subject_id=file.id, actor=actor,
                     data={"name": file.name, "size": size, "sha256": file.sha256})
        return file


def stored_file(file_id: int) -> StoredFile:
    """One file in the row scope of files: own uploads, photos and certificates in sight. NotFound otherwise.

    Evidence is read through its attachment (`file.attachment`).
    """
    found = current_session().scalar(select(StoredFile).where(StoredFile.id == file_id))
    if found is None:
        raise NotFound("没有找到这个文件，它可能已被删除。")
    return found


def open_content(file: StoredFile, start: int = 0, end: int | None = None) -> Readable:
    """The stored bytes [start, end) of a file the caller may read."""
    return configured_store().open(file.key, start, end)


def content(file: StoredFile) -> bytes:
    """All bytes of a file, checked against its SHA-256: for PDFs that show a photo, say."""
    stream = open_content(file)
    try:
        data = stream.read()
    finally:
        stream.close()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise Conflict("文件内容与登记的校验值不一致，请联系平台管理员。", file_id=file.id)
    return data


def discard(*, file_id: int, actor: Actor) -> bool:
    """Delete a file that no row refers to any more (a replaced photo); the caller has checked that the actor may.

    False when something still refers to it.
    """
    with transaction() as session:
        return discard_unreferenced(session, locked_file(session, file_id), actor)


def _store(inspected: Inspected, actor: Actor, person_id: int | None, organization_id: int | None) -> StoredFile:
    with object_put(inspected) as key, transaction() as session:
        return insert_file(session, key, inspected, actor, person_id, organization_id)


@contextmanager
def object_put(inspected: Inspected) -> Iterator[str]:
    """Put the bytes and give their key to the block that commits the row; a refusal there takes them back.

    After any other error it is not certain that nothing was committed: the object stays, reconcile judges it.
    """
    _ = inspected.clarity  # measured here, before any transaction begins
    key = new_key()
    configured_store().put(key, inspected.data, inspected.media_type)
    try:
        yield key
    except DomainError:
        row = select(StoredFile.id).where(StoredFile.key == key).execution_options(unscoped=True)
        if current_session().scalar(row) is None:  # in an outer transaction the row may still be kept
            _forget(key)
        raise


def _forget(key: str) -> None:
    """Remove an object without a row; what cannot be removed is left to reconcile."""
    try:
        configured_store().delete(key)
    except Exception:
        log.exception("the object %s could not be deleted; `flask files reconcile` lists it", key)


def insert_file(
    session: Session, key: str, inspected: Inspected, actor: Actor, person_id: int | None, organization_id: int | None
) -> StoredFile:
    """The row of an object that is in the store, and its audit row."""
    digest = hashlib.sha256(inspected.data).hexdigest()
    long_edge, sharpness = inspected.clarity or (None, None)
    file = StoredFile(
        key=key, name=inspected.clean_name, media_type=inspected.media_type, size=len(inspected.data), sha256=digest,
        long_edge=long_edge, sharpness=sharpness,
        uploaded_by=actor.user_id, person_id=person_id, organization_id=organization_id, created_at=utcnow(),
    )
    session.add(file)
    session.flush()  # its id is the subject of the audit row
    record_event(session, event=Event.FILE_STORED, subject_type="file", subject_id=file.id, actor=actor,
                 data={"name": file.name, "size": file.size, "sha256": digest})
    return file


def locked_file(session: Session, file_id: int) -> StoredFile:
    """The row, held until the commit: attach and detach of one file, and its audit chain, take turns."""
    query = select(StoredFile).where(StoredFile.id == file_id).with_for_update()
    file = session.scalar(query.execution_options(unscoped=True, populate_existing=True))
    if file is None:
        raise NotFound("没有找到这个文件，它可能已被删除。")
    return file


def discard_unreferenced(session: Session, file: StoredFile, actor: Actor) -> bool:
    """Delete a locked row that nothing refers to, and the object after the commit."""
    for column in _references():
        if session.execute(select(column).where(column == file.id).limit(1)).first() is not None:
            return False
    key = file.key
    record_event(session, event=Event.FILE_DELETED, subject_type="file", subject_id=file.id, actor=actor,
                 data={"name": file.name, "sha256": file.sha256})
    session.delete(file)
    on_commit(lambda: _forget(key))
    return True


def _references() -> list[Column[Any]]:
    """Every column of the product that points at a stored file."""
    target = StoredFile.__table__.c.id
    tables = StoredFile.metadata.tables.values()
    return [key.parent for table in tables for key in table.foreign_keys if key.column is target]
