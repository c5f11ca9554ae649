"""Places of seals: links `seal:<name>` of a template become empty signature fields of the PDF.

`seal:<name>/<height>` is the foot of a box over the whole width of the page's text (app.reports.form_blocks.box): the
field covers the box, `height` points of it. A plain link gets a field of a round seal's size around it.

All fields exist before the first signature, so that a later seal changes nothing but its own field.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

SCHEME = "seal:"
SEAL_POINTS = 119.0  # 42 mm, the size of a round seal
MARGIN_POINTS = 18 / 25.4 * 72  # of the pages with boxes
BELOW_CAPTION = 29.0  # from a caption's lower edge to the bottom of its box


@dataclass(frozen=True)
class Place:
    """Where a seal stands: its field's name, the page (from 0) and the rectangle in points from the lower left.

    Without a rectangle the signature is not seen on the page.
    """

    name: str
    page: int
    box: tuple[int, int, int, int] | None


def square(x: float, y: float) -> tuple[int, int, int, int]:
    """The rectangle of a seal around a point, in whole points."""
    left, low = round(x - SEAL_POINTS / 2), round(y - SEAL_POINTS / 2)
    return left, low, left + round(SEAL_POINTS), low + round(SEAL_POINTS)


def place_seal_fields(pdf: bytes) -> bytes:
    """The PDF with an empty signature field over each `seal:` link; the links are gone."""
    if SCHEME.encode() not in pdf and not _has_links(pdf):
        return pdf
    bare, places = _take_links(pdf)
    if not places:
        return pdf
    return with_fields(bare, places)


def with_fields(pdf: bytes, places: Sequence[Place]) -> bytes:
    """The PDF with an empty signature field at each place."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for place in places:
        append_signature_field(writer, SigFieldSpec(place.name, on_page=place.page, box=place.box))
    output = io.BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]
    return output.getvalue()


def _has_links(pdf: bytes) -> bool:
    return b"/Annots" in pdf


def _take_links(pdf: bytes) -> tuple[bytes, list[Place]]:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    places: dict[str, Place] = {}
    for number, page in enumerate(writer.pages):
        if "/Annots" not in page:
            continue
        kept = ArrayObject()
        height = float(page.mediabox.height)
        for annotation in cast(ArrayObject, page["/Annots"].get_object()):
            action = annotation.get_object().get("/A")
            address = str(action.get_object().get("/URI", "")) if action is not None else ""
            if not address.startswith(SCHEME):
                kept.append(annotation)
                continue
            name = address[len(SCHEME):]
            left, low, right, high = (float(value) for value in annotation.get_object()["/Rect"])
            name, slash, tall = name.partition("/")
            if slash:
                bottom, width = low - BELOW_CAPTION, float(page.mediabox.width)
                places.setdefault(name, Place(name, number, (
                    round(MARGIN_POINTS), round(bottom), round(width - MARGIN_POINTS), round(bottom) + int(tall))))
                continue
            x, y = (left + right) / 2 - SEAL_POINTS / 2, (low + high) / 2 - SEAL_POINTS / 2
            y = min(max(y, 6.0), height - SEAL_POINTS - 6.0)
            places.setdefault(name, Place(name, number, (round(x), round(y), round(x + SEAL_POINTS), round(y + SEAL_POINTS))))
        if kept:
            page[NameObject("/Annots")] = kept
        else:
            del page["/Annots"]
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue(), list(places.values())
