"""What may be uploaded: type by content, size, safety of each format. Nothing that was sent is trusted, least of all
the client's own type. Every refusal is an `Invalid` whose sentence says what is wrong and what to do.

The formats are checked in upload_image, upload_pdf and upload_office; names in upload_name.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import IO

import puremagic

from app.errors import Invalid, Sentence
from app.rules.picture_clarity import measure
from app.rules.upload_image import reencode
from app.rules.upload_name import clean_name, split_extension
from app.rules.upload_office import check_ole, check_ooxml
from app.rules.upload_pdf import check_pdf

MEGABYTE = 1024 * 1024
IN_MEMORY = MEGABYTE  # a longer upload is spooled to a temporary file
CHUNK = 64 * 1024

MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_ALIASES = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg"}
_SIGNATURES = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff",
    "pdf": b"%PDF-",
    "doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # OLE compound file
    "docx": b"PK\x03\x04",
    "xlsx": b"PK\x03\x04",
}

Scan = Callable[[bytes], str | None]
"""A virus scanner: the name of what it found in the bytes, or None. A scanner that fails must raise."""


Redraw = Callable[[bytes, str], bytes]


def unscanned(data: bytes) -> str | None:
    """The scanner of an installation without one."""
    return None


@dataclass(frozen=True)
class UploadPolicy:
    """What a slot takes: extensions (keys of MEDIA_TYPES), megabytes a file, files a slot."""

    types: tuple[str, ...] = ("png", "pdf", "jpg")
    max_mb: int = 3
    max_count: int = 10

    def __post_init__(self) -> None:
        types = tuple(dict.fromkeys(_ALIASES.get(kind.lower(), kind.lower()) for kind in self.types))
        unknown = [kind for kind in types if kind not in MEDIA_TYPES]
        if unknown or not types or self.max_mb < 1 or self.max_count < 1:
            raise ValueError(f"not an upload policy: {self}")
        object.__setattr__(self, "types", types)

    @property
    def max_bytes(self) -> int:
        """The size limit of one file."""
        return self.max_mb * MEGABYTE

    @property
    def accept(self) -> str:
        """For the accept attribute of a file input."""
        return ",".join(f".{kind}" for kind in self.types) + (",.jpeg" if "jpg" in self.types else "")

    @property
    def hint(self) -> str:
        """The sentence of the manual that stands beside the button."""
        most = f"，且最多只能上传{self.max_count}个文件"
        return f"只能上传{'/'.join(self.types)}文件，且不超过{self.max_mb}MB{most}"


@dataclass(frozen=True)
class Inspected:
    """A file that passed: `data` is what to store (images are re-encoded), `clean_name` ends in `.extension`."""

    media_type: str
    extension: str
    data: bytes
    clean_name: str

    @cached_property
    def clarity(self) -> tuple[int, int] | None:
        """(longer side, sharpness) of a picture, None for other files."""
        return measure(self.data) if self.media_type.startswith("image/") else None


def spool(stream: IO[bytes], policy: UploadPolicy) -> IO[bytes]:
    """Copy an upload to a temporary file, giving up one chunk after the limit. The caller closes it."""
    spooled = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  handed on
    size = 0
    try:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > policy.max_bytes:
                raise _too_large(policy)
            spooled.write(chunk)
        spooled.seek(0)
    except BaseException:
        spooled.close()
        raise
    return spooled


def inspect(
    source: bytes | IO[bytes], filename: str, policy: UploadPolicy, scan: Scan = unscanned, redraw: Redraw = reencode
) -> Inspected:
    """Check one upload from its name to its content; `source` is bytes or a spooled file.

    `redraw(data, extension)` makes the image that is kept; the default keeps size and format.
    """
    name = clean_name(filename)
    stem, suffix = split_extension(name)
    extension = _ALIASES.get(suffix, suffix)
    if extension not in policy.types:
        kinds = "、".join(policy.types)
        if suffix:
            raise Invalid(Sentence("不能上传“.%(kind)s”文件，请上传%(kinds)s格式的文件。", kind=suffix, kinds=kinds))
        raise Invalid(Sentence("不能上传没有扩展名的文件，请上传%(kinds)s格式的文件。", kinds=kinds))
    data = source if isinstance(source, bytes) else source.read(policy.max_bytes + 1)
    if not data:
        raise Invalid("文件是空的（0 字节），请检查原文件能否打开，然后重新上传。")
    if len(data) > policy.max_bytes:
        raise _too_large(policy)
    if not data.startswith(_SIGNATURES[extension]):
        raise _disagreeing(extension, data)
    found = scan(data)
    if found is not None:
        raise Invalid("文件没有通过病毒检查，没有保存。请在电脑上查杀病毒后，换一个安全的文件重新上传。", found=found)
    if extension in {"png", "jpg"}:
        data = redraw(data, extension)
    else:
        _check_document(extension, data)
    return Inspected(MEDIA_TYPES[extension], extension, data, f"{stem}.{extension}")


def _check_document(extension: str, data: bytes) -> None:
    if extension == "pdf":
        check_pdf(data)
    elif extension == "doc":
        check_ole(data)
    else:
        check_ooxml(data, extension)


def _too_large(policy: UploadPolicy) -> Invalid:
    return Invalid(Sentence("文件超过 %(n)sMB，请压缩或降低扫描分辨率后重新上传。", n=policy.max_mb))


def _disagreeing(extension: str, data: bytes) -> Invalid:
    """Content that is not what the extension says: name what it is, so that the user can convert or rename it."""
    actual = _guess(data)
    if actual is None:
        return Invalid(Sentence("文件内容不是%(kind)s格式，可能已损坏或只是改了扩展名，请重新导出后上传。", kind=extension))
    return Invalid(Sentence(
        "文件扩展名是%(kind)s，内容却像是%(actual)s格式。请用软件另存为%(kind)s格式（不要只改扩展名）后重新上传。", kind=extension, actual=actual
    ))


def _guess(data: bytes) -> str | None:
    for kind in ("png", "jpg", "pdf"):
        if data.startswith(_SIGNATURES[kind]):
            return kind
    try:
        guessed = puremagic.from_string(data[:4096]).removeprefix(".")
    except (puremagic.PureError, ValueError):
        return None
    return guessed if guessed.isalnum() and len(guessed) <= 5 else None
