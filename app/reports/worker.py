"""The renderer process: `python -m app.reports.worker` answers one request after the other on its standard streams.

A message is a four-byte big-endian length and that many bytes. A request is JSON (html, title, created as ISO time,
font_dir, lenient); an answer is one letter, `P` and the PDF or `E` and a JSON error (kind, message). End of input ends it.
When it has loaded its libraries it says `R`, once.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from app.reports import errors

LENGTH_BYTES = 4
READY = b"R"
MEMORY_LIMIT_BYTES = 2 * 1024**3


def write_message(stream: BinaryIO, data: bytes) -> None:
    stream.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)
    stream.flush()


def read_message(stream: BinaryIO) -> bytes | None:
    """The next message, or None when the other side is gone."""
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    size = int.from_bytes(head, "big")
    data = stream.read(size)
    return data if len(data) == size else None


def answer(request: bytes) -> bytes:
    """Render one request; every error becomes an answer."""
    # Here, because the server imports this module for the message format and must not wait for xhtml2pdf.
    from app.reports.rendering import render_document

    try:
        fields = json.loads(request)
        pdf = render_document(
            fields["html"],
            title=fields["title"],
            created=datetime.fromisoformat(fields["created"]),
            font_dir=Path(fields["font_dir"]),
            lenient=fields.get("lenient", False),
        )
    except errors.ReportError as error:
        return b"E" + json.dumps({"kind": type(error).__name__, "message": str(error)}).encode()
    except MemoryError:
        return (
            b"E" + json.dumps({"kind": "RenderError", "message": "文档过大，内存不足，未能生成。"}).encode()
        )
    return b"P" + pdf


def limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def main() -> None:
    # The protocol gets its own descriptor; whatever a library prints goes to the log.
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    limit_memory()
    import app.reports.rendering  # noqa: F401 - the slow part, before the first time limit runs

    write_message(answers, READY)
    while (request := read_message(requests)) is not None:
        write_message(answers, answer(request))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
