"""Files in a local folder: `<root>/ab/cd/abcd…`, written to a temporary file, synced and renamed into place."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from app.storage.store import CHUNK, ObjectMissing, ObjectStat, Readable, StoreUnavailable, checked, is_key

_PART = ".part"


class LocalStore:
    """A store in a folder of one machine (or a share with atomic renames). It is created on the first write."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        checked(key)
        return self.root / key[:2] / key[2:4] / key

    def put(self, key: str, data: bytes | BinaryIO, media_type: str) -> None:
        """See Store. The media type lives in the database only."""
        path = self._path(key)
        temporary = path.with_name(f".{key}.{secrets.token_hex(4)}{_PART}")
        try:
            self._make_folder(path.parent)
            try:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as target:
                    shutil.copyfileobj(BytesIO(data) if isinstance(data, bytes) else data, target, CHUNK)
                    target.flush()
                    os.fsync(target.fileno())
                os.replace(temporary, path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            _sync_folder(path.parent)
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    def _make_folder(self, folder: Path) -> None:
        """Create the shard; a new folder's name must be durable too, or a crash loses all that is in it."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(path.parent)

    def open(self, key: str, start: int = 0, end: int | None = None) -> Readable:
        """See Store."""
        try:
            descriptor = os.open(self._path(key), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError as error:
            raise ObjectMissing(key) from error
        except OSError as error:
            raise StoreUnavailable(str(error)) from error
        stream = os.fdopen(descriptor, "rb")
        stream.seek(start)
        return stream if end is None else _Part(stream, max(0, end - start))

    def stat(self, key: str) -> ObjectStat | None:
        """See Store."""
        try:
            found = self._path(key).lstat()
        except FileNotFoundError:
            return None
        return ObjectStat(found.st_size, dt.datetime.fromtimestamp(found.st_mtime, dt.UTC))

    def delete(self, key: str) -> None:
        """See Store."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    def keys(self) -> Iterator[str]:
        """See Store. Names that are not ours are passed over."""
        for path in self._files():
            if is_key(path.name) and path == self._path(path.name):
                yield path.name

    def sweep(self, before: dt.datetime) -> int:
        """See Store: temporary files of writers that were killed."""
        swept = 0
        for path in self._files():
            if path.name.startswith(".") and path.name.endswith(_PART) and path.lstat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)
                swept += 1
        return swept

    def _files(self) -> Iterator[Path]:
        for folder, _, names in os.walk(self.root):  # does not follow links
            for name in names:
                yield Path(folder, name)


class _Part:
    """The first `length` bytes from where a stream stands."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream, self._left = stream, length

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._stream.close()


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
