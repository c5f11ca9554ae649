"""Compare the table of files with the store: what is missing, what nobody refers to, what was changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select

from app.storage import ObjectMissing, Store, configured_store
from app.storage.store import CHUNK
from app.transaction import current_session
from models.base import utcnow
from models.file import StoredFile

GRACE = dt.timedelta(hours=1)  # an upload whose row is not committed yet is no orphan
BATCH = 1000
_file = StoredFile.__table__


@dataclass
class Findings:
    """`missing`, `changed`: (file id, key) of rows; `orphans`: keys of objects; the rest are counts."""

    files: int = 0
    objects: int = 0
    missing: list[tuple[int, str]] = field(default_factory=list)
    changed: list[tuple[int, str]] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    deleted: int = 0
    swept: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong any more."""
        return not self.missing and not self.changed and len(self.orphans) == self.deleted


def reconcile(*, deep: bool = False, delete_orphans: bool = False, grace: dt.timedelta = GRACE) -> Findings:
    """Look through every row and every object. `deep` reads all content and compares size and SHA-256.

    Orphans younger than `grace` are left out: their row may be about to commit. Needs no transaction; run it any time.
    """
    store, findings, before = configured_store(), Findings(), utcnow() - grace
    seen = set(store.keys())  # listed before the rows are read, so that every finding below is checked again
    findings.objects = len(seen)
    for row_id, key, size, digest in _rows():
        findings.files += 1
        if key not in seen and store.stat(key) is None:
            if _row_exists(key):
                findings.missing.append((row_id, key))
        elif deep and not _agrees(store, key, size, digest) and _row_exists(key):
            findings.changed.append((row_id, key))
        seen.discard(key)
    for key in sorted(seen):
        stat = store.stat(key)
        if stat is None or stat.modified_at > before or _row_exists(key):
            continue
        findings.orphans.append(key)
        if delete_orphans:
            store.delete(key)
            findings.deleted += 1
    if delete_orphans:
        findings.swept = store.sweep(before)
    return findings


def _rows() -> Iterator[tuple[int, str, int, str]]:
    """Every row by key paging, no read transaction held while the store is read."""
    last = 0
    while True:
        session = current_session()
        rows = session.execute(
            select(_file.c.id, _file.c.key, _file.c.size, _file.c.sha256)
            .where(_file.c.id > last).order_by(_file.c.id).limit(BATCH)
        ).all()
        session.rollback()
        if not rows:
            return
        for row in rows:
            yield row.id, row.key, row.size, row.sha256
        last = rows[-1].id


def _row_exists(key: str) -> bool:
    session = current_session()
    found = session.execute(select(_file.c.id).where(_file.c.key == key)).first() is not None
    session.rollback()
    return found


def _agrees(store: Store, key: str, size: int, digest: str) -> bool:
    try:
        stream = store.open(key)
    except ObjectMissing:
        return False
    actual, length = hashlib.sha256(), 0
    try:
        while chunk := stream.read(CHUNK):
            actual.update(chunk)
            length += len(chunk)
    finally:
        stream.close()
    return length == size and actual.hexdigest() == digest
