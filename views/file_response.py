"""The one way stored bytes leave the site: our own media type, a safe disposition, single ranges, no script rights."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import Range
from werkzeug.http import parse_range_header

from app.services import file as files
from app.storage import Readable
from models.file import StoredFile

CHUNK = 64 * 1024
INLINE_TYPES = {"image/png", "image/jpeg", "application/pdf"}
# Older Chromium browsers show no PDF in a sandboxed document; their viewer shares nothing with our pages anyway.
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
POLICIES = {"application/pdf": f"{NOTHING}; object-src 'self'; style-src 'unsafe-inline'"}
SANDBOX = f"{NOTHING}; img-src 'self'; style-src 'unsafe-inline'; sandbox"


def file_response(file: StoredFile, name: str, *, inline: bool = False) -> Response:
    """Answer GET or HEAD for a file the caller has checked. `inline` shows images and PDFs, others are downloads."""
    inline = inline and file.media_type in INLINE_TYPES
    response = Response(mimetype=file.media_type)
    response.headers["Content-Disposition"] = disposition(name, "inline" if inline else "attachment")
    response.headers["Content-Security-Policy"] = POLICIES.get(file.media_type, SANDBOX) if inline else SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Accept-Ranges"] = "bytes"
    response.set_etag(file.sha256)
    if request.if_none_match.contains_weak(file.sha256):
        response.status_code = 304
        return response
    start, end = 0, file.size
    asked = _asked_range(file)
    if asked is not None:
        span = asked.range_for_length(file.size)
        if span is None:
            response.status_code = 416
            response.headers["Content-Range"] = f"bytes */{file.size}"
            response.content_length = 0
            return response
        start, end = span
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    response.content_length = end - start
    if request.method != "HEAD":
        response.response = _chunks(files.open_content(file, start, end))  # opened now: a missing object is an error page
        response.direct_passthrough = True
    return response


def bytes_response(data: bytes, name: str, media_type: str) -> Response:
    """A document made for this request, to be saved."""
    response = Response(data, mimetype=media_type)
    response.headers["Content-Disposition"] = disposition(name, "attachment")
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def disposition(name: str, kind: str) -> str:
    """Content-Disposition by RFC 6266: the name in UTF-8, and an ASCII one for clients that know no better."""
    _, dot, extension = name.rpartition(".")
    plain = f"file.{extension}" if dot and extension.isascii() and extension.isalnum() else "file"
    encoded = quote(name, safe="!#$&+-.^_`|~")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def _asked_range(file: StoredFile) -> Range | None:
    """The one range to answer. None, for the whole file: when none or no valid one is asked for, when several are
    (RFC 9110 §14.2 allows to ignore them, and many small ones are an attack), when If-Range names another version.
    """
    asked = parse_range_header(request.headers.get("Range"))
    if request.method != "GET" or asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if request.headers.get("If-Range", f'"{file.sha256}"') != f'"{file.sha256}"':  # a weak tag does not do
        return None
    return asked


def _chunks(stream: Readable) -> Iterator[bytes]:
    try:
        while chunk := stream.read(CHUNK):
            yield chunk
    finally:
        stream.close()
