"""Word and Excel: whole, not locked, no macros, no carried files, nothing that unpacks to a flood.

Documents are kept as they are (they may be signed) and are never opened on the server beyond these checks.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from xml.etree import ElementTree

from app.errors import Invalid

MAX_MEMBERS = 3_000
MAX_UNPACKED = 120 * 1024 * 1024
MAX_XML = 60 * 1024 * 1024  # of all XML parts together, which are the ones we unpack
MAX_RATIO = 300  # only looked at above RATIO_FROM: small repetitive parts compress well
RATIO_FROM = 4 * 1024 * 1024

_MAIN_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_MAIN_TYPE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_REMOTE = re.compile(r"^(?:https?|ftp|mhtml|ldap|ms-[\w-]+):|^\\\\|^file:/{2,4}(?!/|[a-z]:)", re.IGNORECASE)
_LOADED = ("/attachedTemplate", "/oleObject", "/frame", "/subDocument", "/externalLinkPath")
_EMBEDDED = re.compile(r"/embeddings/|/activex/|vbaproject|vbadata", re.IGNORECASE)
_EMBEDDED_ALLOWED = re.compile(r"/embeddings/[^/]+\.(?:bin|xlsx)$", re.IGNORECASE)  # formulas, charts' own tables

_PACKAGE = "\x01Ole10Native".encode("utf-16-le")  # a file wrapped into a document
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_WORD = "WordDocument".encode("utf-16-le")
_FIB_ENCRYPTED = 0x0100  # [MS-DOC] 2.5.2 FibBase, bit F of the flags at offset 10

_DAMAGED = "文档无法打开，可能没有传完或已损坏，请用办公软件重新保存后上传。"
_ACTIVE = "文档里有宏、控件、附带的文件或指向外部的模板，请去掉后另存，或另存为 PDF 后重新上传。"
_ENCRYPTED = "文档设有打开密码，请去掉密码后重新上传。"
_FLOOD = "文档解压后过大，没有保存。请压缩文档里的图片，或另存为 PDF 后重新上传。"


def check_ooxml(data: bytes, extension: str) -> None:
    """docx and xlsx: limits on unpacking first, then what the parts are."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            members = package.infolist()
            _check_members(members, len(data))
            _check_parts(package, members, extension)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, NotImplementedError, RuntimeError,
            ElementTree.ParseError, UnicodeDecodeError, ValueError) as error:
        raise Invalid(_DAMAGED) from error


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """From the directory alone, before anything is unpacked."""
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
        raise Invalid(_FLOOD)
    if sum(member.compress_size for member in members) > size:
        raise Invalid(_FLOOD)  # members that overlap: the same bytes unpacked many times
    names = set()
    for member in members:
        name = member.orig_filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/") or ":" in name or "\0" in name or name.lower() in names:
            raise Invalid(_DAMAGED)
        names.add(name.lower())
        if member.flag_bits & 0x1:
            raise Invalid(_ENCRYPTED)
        if member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(1, member.compress_size):
            raise Invalid(_FLOOD)
        if _EMBEDDED.search(name) and not _EMBEDDED_ALLOWED.search(name):
            raise Invalid(_ACTIVE)


def _check_parts(package: zipfile.ZipFile, members: list[zipfile.ZipInfo], extension: str) -> None:
    names = {member.filename for member in members}
    if _MAIN_PART[extension] not in names or "[Content_Types].xml" not in names:
        raise Invalid(f"文件内容不是{extension}文档，请用办公软件另存为{extension}格式后重新上传。")
    left = MAX_XML
    for member in members:
        lower = member.filename.lower()
        if lower.endswith((".xml", ".rels", ".vml")):
            left -= member.file_size
            if left < 0:
                raise Invalid(_FLOOD)
            part = package.read(member)
            _refuse_entities(part)
            if lower == "[content_types].xml":
                _check_types(part, extension)
            elif lower.endswith(".rels"):
                _check_relations(part)
        elif "/embeddings/" in lower and _PACKAGE in package.read(member):
            raise Invalid(_ACTIVE)


def _refuse_entities(part: bytes) -> None:
    """Office writes no document type; with none there is no entity to expand or to fetch."""
    for encoding in ("ascii", "utf-16-le", "utf-16-be"):
        if "<!DOCTYPE".encode(encoding) in part or "<!ENTITY".encode(encoding) in part:
            raise Invalid(_ACTIVE)


def _check_types(part: bytes, extension: str) -> None:
    types = [entry.get("ContentType", "").lower() for entry in ElementTree.fromstring(part)]  # noqa: S314  no DTD
    if any("macroenabled" in kind or "vbaproject" in kind or "activex" in kind for kind in types):
        raise Invalid(_ACTIVE)
    if _MAIN_TYPE[extension] not in types:
        raise Invalid(_DAMAGED)


def _check_relations(part: bytes) -> None:
    for relation in ElementTree.fromstring(part).iter(f"{_RELATIONS}Relationship"):  # noqa: S314  no DTD
        loaded = relation.get("Type", "").endswith(_LOADED)
        if loaded and relation.get("TargetMode") == "External" and _REMOTE.match(relation.get("Target", "")):
            raise Invalid(_ACTIVE)


def check_ole(data: bytes) -> None:
    """doc: a compound file that holds a Word document. Names in its directory are UTF-16 and never split."""
    if _LOCKED in data:
        raise Invalid(_ENCRYPTED)
    if _WORD not in data or len(data) < 1536:
        raise Invalid("文件内容不是doc文档，或已损坏，请用办公软件另存为docx或PDF后重新上传。")
    if _MACROS in data or _PACKAGE in data:
        raise Invalid(_ACTIVE)
    if _fib_flags(data) & _FIB_ENCRYPTED:
        raise Invalid(_ENCRYPTED)


def _fib_flags(data: bytes) -> int:
    """Flags of the Word document's header: it begins a sector with the bytes EC A5."""
    for start in range(512, len(data) - 12, 512):
        if data[start:start + 2] == b"\xec\xa5":
            return int.from_bytes(data[start + 10:start + 12], "little")
    raise Invalid(_DAMAGED)
