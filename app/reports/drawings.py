"""What is drawn rather than set, in xhtml2pdf and ReportLab: SVG drawings and the number of all pages.

- A drawing that many documents have is parsed, measured, put into operators and packed once per process.
- `<pdf:pagecount/>` makes xhtml2pdf lay out a document twice. Here every page refers to one form XObject, which is drawn
  at the document's end, when the number is known: long forms take two thirds of the time.

Both depend on private functions of the versions that app.reports.typesetting names.
"""

from __future__ import annotations

import copy
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import xhtml2pdf.reportlab_paragraph as paragraphs
import xhtml2pdf.xhtml2pdf_reportlab as images
from reportlab.graphics import renderPDF
from reportlab.lib.abag import ABag
from reportlab.lib.fonts import tt2ps
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFFormXObject, PDFName, PDFStream
from reportlab.platypus import Flowable
from xhtml2pdf import tags

_GZIP = b"\x1f\x8b"
_MOST_OF_A_DRAWING = 4_000_000  # bytes when unpacked; what is cut off there does not parse
_PLACES_KEPT = 4  # of one drawing
_USES_RESOURCES = re.compile(r"/\w+ .*\b(?:Tf|gs|Do|cs|CS|scn|SCN|sh)\b")  # a font, say, which each document names anew


def install() -> None:
    """Take the place of the stock functions; called by app.reports.typesetting.install."""
    images.svg2rlg = _drawing
    paragraphs.renderPDF = SimpleNamespace(draw=_draw)
    tags.pisaTagPDFPAGECOUNT.start = _leave_room
    tags.pisaTagPDFPAGECOUNT.end = tags.pisaTag.end
    images.PmlBaseDoc.build = _build


# ---- SVG -------------------------------------------------------------------------------------------------------

_stock_svg2rlg = images.svg2rlg


def _drawing(stream: Any, *arguments: Any, **named: Any) -> Any:
    """A drawing from SVG, parsed and measured once: every certificate has the same ground. It is placed on a shallow copy."""
    return copy.copy(_parsed(stream.read(), arguments, tuple(sorted(named.items()))))


@lru_cache(maxsize=4)
def _parsed(content: bytes, arguments: tuple[Any, ...], named: tuple[tuple[str, Any], ...]) -> Any:
    if content.startswith(_GZIP):
        content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(_MOST_OF_A_DRAWING)
    drawing = _stock_svg2rlg(io.BytesIO(content), *arguments, **dict(named))
    if drawing is not None:
        bounds = drawing.getBounds()
        drawing.__dict__.update(getBounds=lambda: bounds, _packed={})
    return drawing


def _draw(drawing: Any, canvas: Any, x: float, y: float) -> None:
    """Draw; one of lines alone becomes a form XObject, whose packed operators are kept for the next page that has it at that place."""
    if isinstance(drawing, _Room):
        drawing.refer(canvas, x, y)
        return
    kept, place = drawing.__dict__.get("_packed", {}), (tuple(drawing.transform), x, y)
    if place in kept:
        _refer(canvas, kept[place])
        return
    start = len(canvas._code)
    renderPDF.draw(drawing, canvas, x, y)
    operators = "\n".join(canvas._code[start:])
    if _USES_RESOURCES.search(operators):
        return
    del canvas._code[start:]
    packed = zlib.compress(operators.encode("ascii"))
    if len(kept) < _PLACES_KEPT:
        kept[place] = packed
    _refer(canvas, packed)


def _refer(canvas: Any, packed: bytes) -> None:
    names: dict[bytes, str] = canvas.__dict__.setdefault("_drawings", {})
    if packed not in names:
        names[packed] = f"drawing{len(names)}"
        width, height = canvas._pagesize
        form = PDFFormXObject(-width, -height, 2 * width, 2 * height)  # the whole page, wherever on it the origin is
        form.Contents = PDFStream(PDFDictionary({"Filter": PDFArray([PDFName("FlateDecode")])}), packed + b"\n")
        canvas._doc.addForm(names[packed], form)
    canvas.doForm(names[packed])


# ---- the number of all pages -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Room:
    """Where the number stands, for xhtml2pdf an inline picture: two digits wide, one or three stand in its middle."""

    face: str
    points: float
    colour: Any

    @property
    def width(self) -> float:
        return float(pdfmetrics.stringWidth("00", self.face, self.points))

    def getDrawing(self, width: float, height: float) -> _Room:
        return self

    def refer(self, canvas: Any, x: float, y: float) -> None:
        rooms: dict[_Room, str] = canvas.__dict__.setdefault("_rooms", {})
        canvas.saveState()
        canvas.translate(x, y)
        canvas.doForm(rooms.setdefault(self, f"pages{len(rooms)}"))
        canvas.restoreState()

    def define(self, canvas: Any, name: str) -> None:
        canvas.beginForm(name, -self.points, -self.points, self.width + self.points, self.points * 2)
        canvas.setFont(self.face, self.points)
        canvas.setFillColor(self.colour)
        canvas.drawCentredString(self.width / 2, 0, str(canvas.getPageNumber()))
        canvas.endForm()


class _Total(Flowable):
    """Ends a document: it has no size, and the page it stands on is the last."""

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0.0, 0.0

    def draw(self) -> None:
        for room, name in self.canv.__dict__.get("_rooms", {}).items():
            room.define(self.canv, name)


def _leave_room(self: Any, context: Any) -> None:
    fragment = context.frag.clone()
    room = _Room(tt2ps(fragment.fontName, fragment.bold, fragment.italic), fragment.fontSize, fragment.textColor)
    fragment.text, fragment.fontName = "", room.face
    fragment.cbDefn = ABag(kind="img", image=room, valign="baseline", fontName=room.face, fontSize=room.points,
                           width=room.width, height=room.points)
    context.fragList.append(fragment)


_stock_build = images.PmlBaseDoc.build


def _build(self: Any, story: list[Any], *arguments: Any, **named: Any) -> None:
    _stock_build(self, [*story, _Total()], *arguments, **named)
