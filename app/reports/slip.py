"""What an organization adds to its box on a form when its node is passed: opinion, facts, date, and its seal.

A box keeps its size from the day the form is first made (app.reports.form_blocks.box), so that nothing already signed
has to move. What is added is set as a small page of exactly that size, the *slip*, and becomes the appearance of the
signature over the box: what an organization says and its seal are one signature.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from app.reports.fonts import DEFAULT_FONT_DIR
from app.reports.form_blocks import FACT_ROW_POINTS, FOOT_POINTS, clean, em_width
from app.reports.line_rules import break_text
from app.reports.pdf import render_pdf, render_template
from app.reports.seal_fields import SEAL_POINTS

LEADING = 1.3
INK = 0.82  # of a seal: what it is set over can be read through it
INSET = 5.0
LARGEST, SMALLEST, STEP = 10.5, 2.0, 0.5
# The label cells of facts take these shares of the width (app.reports.form_blocks.box: 17 and 33 per cent, twice).
FACT_STARTS = (0.17, 0.67)
# The middle of the seal, from the right edge and from the bottom: over the name and the date, wholly inside the box.
SEAL_FROM_RIGHT, SEAL_FROM_BOTTOM = 74.0, 62.0
# The gaps before 年, 月 and 日 in the foot: three full-width places each, the last mark ends where the padding begins.
DATE_RIGHT, GAP = 48.0, 31.5
SET_HIGH = 2.4  # a line of text stands this much above the middle of its line height
SIGN_LINE_TOP = 21.3  # the top of the line of signatures and date, above the bottom


@dataclass(frozen=True)
class Entry:
    """One organization's part of a form. `values` fills the facts printed in its box, by their labels."""

    field: str
    organization_id: int | None
    text: str = ""
    by: str = ""
    date: str = ""  # ISO
    values: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """Equal keys, equal slips (the seal aside): what is on a form is recognized by it."""
        plain = [self.field, self.organization_id, self.text, self.by, self.date, self.values]
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()[:32]


def render_slip(
    entry: Entry, facts: Sequence[Sequence[str]], size: tuple[float, float], *, picture: bytes = b"", in_process: bool = False,
    timeout: float = 60.0, font_dir: Path = DEFAULT_FONT_DIR,
) -> bytes:
    """The slip as a PDF of one page of `size` (points). `facts`: the rows of labels printed in the box."""
    width, height = size
    places: list[dict[str, Any]] = []
    values = dict(entry.values)
    for number, row in enumerate(facts):
        for column, label in enumerate(row):
            left = width * FACT_STARTS[column]
            room = width * (0.33 if len(row) == 2 else 0.83) - 2 * INSET
            places += _fitted(values.get(label, ""), left + INSET, number * FACT_ROW_POINTS, room, FACT_ROW_POINTS, middle=True)
    top = len(facts) * FACT_ROW_POINTS + 7
    places += _fitted(entry.text, INSET, top, width - 2 * INSET, height - FOOT_POINTS - top, indent="　　")
    by = _fitted(entry.by, 0, height - FOOT_POINTS, width - DATE_RIGHT, 18, align="right")
    places += by
    if entry.date:
        year, month, day = (str(int(part)) for part in entry.date[:10].split("-"))
        for number, part in enumerate((day, month, year)):
            right = width - DATE_RIGHT - LARGEST - number * (LARGEST + GAP)
            places.append(_place(part, right - GAP, height - SIGN_LINE_TOP, GAP, LARGEST, "center"))
    html = render_template("form/slip.html", {
        "width": width, "height": height, "places": places, "picture": _picture(picture) if picture else "",
        "seal": {"x": width - SEAL_FROM_RIGHT - SEAL_POINTS / 2, "y": height - SEAL_FROM_BOTTOM - SEAL_POINTS / 2,
                 "size": SEAL_POINTS},
    })
    return render_pdf(
        html, title="slip", created=datetime(2026, 1, 1, tzinfo=UTC), timeout=timeout, in_process=in_process, font_dir=font_dir,
        lenient=True,
    )


def _fitted(
    content: str, x: float, y: float, width: float, height: float, *, indent: str = "", align: str = "left", middle: bool = False,
) -> list[dict[str, Any]]:
    """A text in the largest type that fits; paragraphs run on in one line when even the smallest does not."""
    text = clean(content)
    if not text:
        return []
    paragraphs = [indent + part.strip() for part in text.split("\n") if part.strip()]
    for given in (paragraphs, [indent + "　".join(part.strip() for part in paragraphs)]):
        points = LARGEST
        while points >= SMALLEST:
            lines = [line for part in given for line in break_text(part, width / points - 0.3, em_width)]
            if len(lines) * points * LEADING <= height:
                break
            points -= STEP
        else:
            continue
        break
    points = max(points, SMALLEST)
    shift = (height - len(lines) * points * LEADING) / 2 + SET_HIGH if middle else 0
    return [_place(part.replace("\u3000", "\xa0" * 4), x, at, width, points, align) for part, at in _stacked(given, y + shift, width, points)]


def _stacked(paragraphs: Sequence[str], y: float, width: float, points: float) -> list[tuple[str, float]]:
    found = []
    for part in paragraphs:
        found.append((part, y))
        y += len(break_text(part, width / points - 0.3, em_width)) * points * LEADING
    return found


def _place(content: str, x: float, y: float, width: float, points: float, align: str) -> dict[str, Any]:
    return {"content": content, "x": round(x, 2), "y": round(y, 2), "width": round(width, 2), "points": points,
            "leading": round(points * LEADING, 2), "align": align}


def _picture(picture: bytes) -> str:
    """The seal as an RGBA PNG: a palette with transparency would be printed on black."""
    output = io.BytesIO()
    ink = Image.open(io.BytesIO(picture)).convert("RGBA")
    ink.putalpha(ink.getchannel("A").point(lambda alpha: round(alpha * INK)))
    ink.save(output, "PNG")
    return f"data:image/png;base64,{base64.b64encode(output.getvalue()).decode('ascii')}"
