"""The interface of a store, its errors, and the form of its keys."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from app.errors import DomainError, NotFound

CHUNK = 64 * 1024
_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{15,63}")


class ObjectMissing(NotFound):
    """The store has no object under this key, though a row says so: `flask files reconcile` lists them."""

    def __init__(self, key: str) -> None:
        super().__init__("文件内容没有找到，请联系平台管理员。", key=key)


class StoreUnavailable(DomainError):
    """The store cannot be reached or written at the moment."""

    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__("文件存储暂时不可用，文件没有保存或读出，请稍后再试。", reason=reason)


@dataclass(frozen=True)
class ObjectStat:
    """Size in bytes and the UTC time of the last write."""

    size: int
    modified_at: dt.datetime


class Readable(Protocol):
    """What `Store.open` gives: `read` returns b"" at the end; the caller closes it."""

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class Store(Protocol):
    """Objects by key. A key is 16–64 URL-safe characters (`new_key()`); anything else is a ValueError.

    `put` is atomic: readers see the whole object or none, also after a crash. Keys are never reused for other bytes.
    """

    def put(self, key: str, data: bytes | BinaryIO, media_type: str) -> None:
        """Write an object and return when it is durable. StoreUnavailable when it cannot be."""

    def open(self, key: str, start: int = 0, end: int | None = None) -> Readable:
        """Read the bytes [start, end); ObjectMissing when there is no object."""

    def stat(self, key: str) -> ObjectStat | None:
        """None when there is no object."""

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when it is gone already."""

    def keys(self) -> Iterator[str]:
        """Every key in the store, in no particular order."""

    def sweep(self, before: dt.datetime) -> int:
        """Remove what interrupted writes older than `before` left behind; returns how many."""


def new_key() -> str:
    """A random key: 128 bits in hex, so that it also survives file systems that ignore case."""
    return secrets.token_hex(16)


def checked(key: str) -> str:
    """The key itself; ValueError unless it is one. No separators or dots can pass, so no path can be built."""
    if not _KEY.fullmatch(key):
        raise ValueError("not a storage key")
    return key


def is_key(text: str) -> bool:
    """Whether a name found in the store is one of our objects."""
    return _KEY.fullmatch(text) is not None
