"""Run as a script with a PDF on standard input; prints one word: fine, damaged, encrypted, empty or active.

It imports nothing of ours: it runs isolated (`python -I`), with limits on memory and processor time.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from io import BytesIO

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NullObject

MEMORY_BYTES = 1024**3
CPU_SECONDS = 10
MOST_OBJECTS = 500_000
ACTIVE_KEYS = {"/JS", "/JavaScript", "/EF", "/EmbeddedFiles", "/RichMediaContent", "/XFA"}
ACTIVE_ACTIONS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/RichMediaExecute", "/Rendition"}
ACTIVE_TYPES = {"/EmbeddedFile"}
ACTIVE_ANNOTATIONS = {"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound"}


def limit() -> None:
    """Bound memory and processor time where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def every_object(reader: PdfReader) -> Iterator[object]:
    """Every object of the cross-reference tables, reachable or not, and the trailer."""
    yield reader.trailer
    numbers = [(number, generation) for generation, table in reader.xref.items() for number in table]
    numbers += [(number, 0) for number in reader.xref_objStm]
    for number, generation in numbers:
        yield IndirectObject(number, generation, reader).get_object()


def parts(value: object) -> Iterator[DictionaryObject]:
    """The dictionaries within one object, without following references (those are objects themselves)."""
    waiting, seen = [value], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if seen > MOST_OBJECTS:
            raise ValueError("an object of too many parts")
        if isinstance(value, DictionaryObject):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, ArrayObject):
            waiting.extend(value)


def resolved(value: object) -> object:
    return value.get_object() if isinstance(value, IndirectObject) else value


def is_active(part: DictionaryObject) -> bool:
    """Whether a dictionary runs something or carries a file. An empty entry does neither."""
    for key in ACTIVE_KEYS & part.keys():
        value = resolved(part.raw_get(key))
        if value is None or isinstance(value, NullObject):
            continue
        if key == "/EmbeddedFiles" and isinstance(value, DictionaryObject) and not (
            resolved(value.get("/Names")) or resolved(value.get("/Kids"))
        ):
            continue
        return True
    return (
        resolved(part.get("/S")) in ACTIVE_ACTIONS
        or resolved(part.get("/Type")) in ACTIVE_TYPES
        or resolved(part.get("/Subtype")) in ACTIVE_ANNOTATIONS
    )


def verdict(data: bytes) -> str:
    """The one word for a PDF."""
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted:
            return "encrypted"
        pages = len(reader.pages)
        if any(is_active(part) for value in every_object(reader) for part in parts(value)):
            return "active"
        if pages == 0:
            return "empty"
        for page in reader.pages:
            page.mediabox  # noqa: B018  a page that cannot say its size is damaged
    except Exception:  # the parser fails in many ways on damaged input
        return "damaged"
    return "fine"


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    limit()
    sys.stdout.write(verdict(sys.stdin.buffer.read()))
