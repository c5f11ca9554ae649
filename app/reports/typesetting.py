"""Chinese typesetting for xhtml2pdf and ReportLab: with app.reports.drawings, what reaches into both.

Four faults of the pinned versions are mended when `install()` is called:

- Line breaking. The stock `-pdf-word-wrap: CJK` cuts Latin words and numbers, lets closing punctuation begin a
  line, and fails when a paragraph crosses a page. Here lines follow 避头尾 (GB/T 15834 §5.1: no closing mark at the
  start of a line, no opening mark at its end), and justification spreads over characters.
- Split tables. A table with class `closed` also gets its rule where a page cuts it, never between cells and the text over
  the whole width below them; one with class `whole` is not cut.
- Text extraction. ReportLab writes characters above U+FFFF (rare names) wrongly into ToUnicode; they must be UTF-16.
- Embedding. Pictures, drawings and cells under a colspan are set as if in Helvetica, which is not embedded; they get the base font.

All of it depends on private functions, so tests/unit/reports/test_typesetting.py fails when a pin moves.
"""

from __future__ import annotations

import copy
import re
import threading
import weakref
from dataclasses import dataclass, field
from typing import Any

import xhtml2pdf.reportlab_paragraph as paragraphs
from reportlab import rl_config
from reportlab.graphics import shapes
from reportlab.lib.colors import black
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.platypus import tables as platypus_tables
from reportlab.platypus.tables import TableStyle
from reportlab.rl_config import _FUZZ
from xhtml2pdf import tables

from app.reports import drawings
from app.reports.line_rules import TOKEN, binds

WRITTEN_FOR = {"xhtml2pdf": "0.2.28", "reportlab": "5.1.0"}

# A justified line looser than this many em is set ragged instead: it is the end of something, not a full line.
LOOSEST_JUSTIFIED_EM = 8

CLOSING_RULE_POINTS = 0.6
# Between a rule that closes a cut table and the text, whose row may have been made to follow another without a gap.
CUT_TOP_POINTS, CUT_BOTTOM_POINTS = 4.2, 2.4

_WIDTH_CACHE_LIMIT = 40_000

Fragment = Any
Part = tuple[Fragment, str]

_install_lock = threading.Lock()
# Outside of the paragraphs, which are copied deeply for each of the passes that a count of pages takes.
_broken: weakref.WeakKeyDictionary[Any, tuple[list[Any], list[float], Any]] = weakref.WeakKeyDictionary()
_widths_by_font: dict[tuple[str, float], dict[str, float]] = {}


def install(*, base_font: str) -> None:
    """Mend the four faults, once per process; `base_font` is the registered font named where no letter is set."""
    with _install_lock:
        rl_config.canvas_basefontname = base_font
        shapes.STATE_DEFAULTS["fontName"] = base_font
        platypus_tables.CellStyle.fontname = base_font
        if paragraphs.cjkFragSplit is break_lines:
            return
        paragraphs.cjkFragSplit = break_lines
        paragraphs.Paragraph.breakLinesCJK = _break_paragraph
        paragraphs._justifyDrawParaLineX = _draw_justified
        paragraphs._split_blParaHard = _split_paragraph
        tables.pisaTagTABLE.end = _end_table
        tables.PmlTable.split = _split_table
        ttfonts.makeToUnicodeCMap = to_unicode_map
        drawings.install()


# ---- line breaking ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Unit:
    """What stays together on a line: a word, or a character with the marks bound to it."""

    width: float
    parts: list[Part]
    first: str = ""
    last: str = ""

    @property
    def is_text(self) -> bool:
        return bool(self.first)

    @property
    def is_space(self) -> bool:
        return self.first.isspace()

    def binds(self, token: str) -> bool:
        """Whether `token` must follow on the same line."""
        return self.is_text and binds(self.last, token)

    def extend(self, fragment: Fragment, token: str, width: float) -> None:
        self.width += width
        self.last = token[-1]
        _append(self.parts, fragment, token)


@dataclass(slots=True)
class _LineBuilder:
    max_widths: list[float]
    measure_objects: bool
    lines: list[Any] = field(default_factory=list)
    run: list[Part] = field(default_factory=list)
    used: float = 0.0

    @property
    def limit(self) -> float:
        return self.max_widths[min(len(self.lines), len(self.max_widths) - 1)]

    def fits(self, width: float) -> bool:
        return bool(self.used + width <= self.limit + _FUZZ)

    def put(self, fragment: Fragment, text: str, width: float) -> None:
        _append(self.run, fragment, text)
        self.used += width

    def put_unit(self, unit: _Unit) -> None:
        for fragment, text in unit.parts:
            _append(self.run, fragment, text)
        self.used += unit.width

    def put_anywhere(self, unit: _Unit) -> None:
        """A unit longer than a whole line is cut between any two characters."""
        for fragment, text in unit.parts:
            for character, width in zip(text, _widths(text, fragment), strict=True):
                if not self.fits(width):
                    self.end_line()
                self.put(fragment, character, width)

    def end_line(self, *, forced: bool = False) -> None:
        if not forced:
            self._drop_trailing_space()
        if self.run:
            line = _make_line(self.run, self.limit - self.used, self.measure_objects)
            if forced:
                line.lineBreak = True
            self.lines.append(line)
        self.run = []
        self.used = 0.0

    def at_soft_start(self) -> bool:
        """At the start of a line that follows a soft break, where a space is swallowed."""
        return not self.run and bool(self.lines) and not getattr(self.lines[-1], "lineBreak", False)

    def _drop_trailing_space(self) -> None:
        if not self.run or not self.run[-1][1][-1:].isspace():
            return
        fragment, text = self.run.pop()
        kept = text.rstrip()
        self.used -= sum(_widths(text[len(kept) :], fragment))
        if kept:
            self.run.append((fragment, kept))


def break_lines(
    fragments: list[Fragment], max_widths: list[float], calc_bounds: bool, encoding: str = "utf8"
) -> Any:
    """Break `fragments` into lines of at most `max_widths` points (the last repeats); returns `ParaLines`."""
    builder = _LineBuilder(max_widths, calc_bounds)
    for unit in _units(fragments, encoding):
        if not unit.is_text:
            fragment, text = unit.parts[0]
            if hasattr(fragment, "lineBreak"):
                builder.put(fragment, text, 0.0)
                builder.end_line(forced=True)
                continue
            if unit.width and builder.used and not builder.fits(unit.width):
                builder.end_line()
            builder.put_unit(unit)
        elif builder.fits(unit.width):
            if not (unit.is_space and builder.at_soft_start()):
                builder.put_unit(unit)
        elif unit.is_space:
            builder.end_line()
        elif unit.width <= builder.limit + _FUZZ:
            builder.end_line()
            builder.put_unit(unit)
        else:
            builder.put_anywhere(unit)
    if builder.run:
        builder.end_line()
    return paragraphs.ParaLines(kind=1, lines=builder.lines)


def _units(fragments: list[Fragment], encoding: str) -> list[_Unit]:
    units: list[_Unit] = []
    for fragment in fragments:
        text = fragment.text if isinstance(fragment.text, str) else fragment.text.decode(encoding)
        if hasattr(fragment, "lineBreak") or hasattr(fragment, "cbDefn") or not text:
            width = getattr(getattr(fragment, "cbDefn", None), "width", 0) or 0
            units.append(_Unit(width, [(fragment, text)]))
            continue
        widths = _widths(text, fragment)
        for match in TOKEN.finditer(text):
            token = match[0]
            width = sum(widths[match.start() : match.end()])
            if units and units[-1].binds(token):
                units[-1].extend(fragment, token, width)
            else:
                units.append(_Unit(width, [(fragment, token)], token[0], token[-1]))
    return units


def _append(run: list[Part], fragment: Fragment, text: str) -> None:
    if run and text and run[-1][0] is fragment and run[-1][1]:
        run[-1] = (fragment, run[-1][1] + text)
    else:
        run.append((fragment, text))


def _widths(text: str, fragment: Fragment) -> list[float]:
    key = (fragment.fontName, fragment.fontSize)
    known = _widths_by_font.setdefault(key, {})
    if len(known) > _WIDTH_CACHE_LIMIT:
        known.clear()
    for character in text:
        if character not in known:
            known[character] = pdfmetrics.stringWidth(character, *key)
    return [known[character] for character in text]


def _make_line(run: list[Part], extra_space: float, measure_objects: bool) -> Any:
    words = []
    size = ascent = descent = 0.0
    characters = 0
    for fragment, text in run:
        definition: Any = getattr(fragment, "cbDefn", None)
        if measure_objects and definition is not None and getattr(definition, "width", None):
            low, high = paragraphs.imgVRange(definition.height, definition.valign, fragment.fontSize)
        else:
            high, low = paragraphs.getAscentDescent(fragment.fontName, fragment.fontSize)
        size = max(size, fragment.fontSize)
        ascent = max(ascent, high)
        descent = min(descent, low)
        word = fragment.clone()
        word.text = text
        if not text:
            word.fontName = rl_config.canvas_basefontname
        words.append(word)
        characters += len(text)
    return paragraphs.FragLine(
        kind=1,
        extraSpace=extra_space,
        wordCount=1,
        words=words,
        fontSize=size,
        ascent=ascent,
        descent=descent,
        characters=characters,
    )


_stock_break_paragraph = paragraphs.Paragraph.breakLinesCJK
_stock_draw_justified = paragraphs._justifyDrawParaLineX
_stock_split_paragraph = paragraphs._split_blParaHard


def _break_paragraph(self: Any, width: float | list[float] | tuple[float, ...]) -> Any:
    # One fragment takes the same way as several: the stock short cut cannot be split between pages.
    if not self.frags:
        return _stock_break_paragraph(self, width)
    max_widths = list(width) if isinstance(width, list | tuple) else [width]
    known = _broken.get(self)
    if known is not None and known[0] is self.frags and known[1] == max_widths:
        return known[2]  # a table asks for the height of each of its cells several times
    paragraphs._handleBulletWidth(self.bulletText, self.style, max_widths, rtl=self.dir == "rtl")
    leading = self.autoLeading if hasattr(self, "autoLeading") else getattr(self.style, "autoLeading", "")
    asked = list(max_widths)
    made = paragraphs.cjkFragSplit(self.frags, max_widths, leading not in {"", "off"}, self.encoding)
    if not any(getattr(fragment, "pageNumber", False) or getattr(fragment, "pageCount", False) for fragment in self.frags):
        _broken[self] = (self.frags, asked, made)
    return made


def _draw_justified(text_object: Any, offset: float, line: Any, last: int = 0) -> None:
    gaps = getattr(line, "characters", 0) - 1
    if gaps < 1:
        _stock_draw_justified(text_object, offset, line, last)
        return
    full = not last and not getattr(line, "lineBreak", False)
    spread = full and line.extraSpace < line.fontSize * LOOSEST_JUSTIFIED_EM
    paragraphs.setXPos(text_object, offset)
    if spread:
        text_object.setCharSpace(line.extraSpace / gaps)
    paragraphs._putFragLine(offset, text_object, line)
    if spread:
        text_object.setCharSpace(0)
    paragraphs.setXPos(text_object, -offset)


def _split_paragraph(broken: Any, start: int, stop: int) -> list[Any]:
    lines = broken.lines[start:stop]
    if not any(hasattr(line, "characters") for line in lines):
        rest: list[Any] = _stock_split_paragraph(broken, start, stop)
        return rest
    # The stock function puts a space between lines, which Chinese has not.
    return [word for line in lines for word in line.words]


# ---- split tables ----------------------------------------------------------------------------------------------

_stock_end_table = tables.pisaTagTABLE.end
_stock_split_table = tables.PmlTable.split


def _end_table(self: Any, context: Any) -> None:
    names = (self.node.getAttribute("class") or "").split()
    if "closed" not in names:
        _stock_end_table(self, context)
        return
    add_story = context.addStory

    def add_closed(flowable: Any) -> None:
        flowable.closed_when_split = True
        kept = [(0, -1)] if "whole" in names else _rows_with_text_below(flowable)
        flowable.setStyle(TableStyle([("NOSPLIT", (0, first), (-1, last)) for first, last in kept]))
        add_story(flowable)

    context.addStory = add_closed
    try:
        _stock_end_table(self, context)
    finally:
        context.addStory = add_story


def _rows_with_text_below(table: Any) -> list[tuple[int, int]]:
    """Pairs of rows that stay together: cells, and the first of the text over the whole width that belongs to them."""
    across = {row for _, (left, row), (right, _) in table._spanCmds if right - left + 1 == table._ncols}
    return [(row - 1, row) for row in sorted(across) if row > table.repeatRows and row - 1 not in across]


def _split_table(self: Any, width: float, height: float) -> list[Any]:
    closed = getattr(self, "closed_when_split", False)
    pieces: list[Any] = _stock_split_table(self, width, height - CUT_BOTTOM_POINTS if closed else height)
    if closed and len(pieces) == 2:
        upper, lower = pieces
        upper.closed_when_split = lower.closed_when_split = True
        head = self.repeatRows if isinstance(self.repeatRows, int) else 0
        upper.setStyle(TableStyle([("LINEBELOW", (0, -1), (-1, -1), CLOSING_RULE_POINTS, black)]))
        lower.setStyle(TableStyle([("LINEABOVE", (0, head), (-1, head), CLOSING_RULE_POINTS, black)]))
        _pad(upper, -1, "bottomPadding", CUT_BOTTOM_POINTS)
        _pad(lower, head, "topPadding", CUT_TOP_POINTS)
    return pieces


def _pad(table: Any, row: int, side: str, least: float) -> None:
    """Give the cells of a row at least this padding; its height is known already and grows with it."""
    styles = [copy.copy(style) for style in table._cellStyles[row]]
    grown = max(max(0.0, least - getattr(style, side)) for style in styles)
    for style in styles:
        setattr(style, side, max(least, getattr(style, side)))
    table._cellStyles[row] = styles
    if table._argH[row] is not None:
        table._argH = table._rowHeights = [*table._argH]  # one list, as ReportLab makes it
        table._argH[row] += grown


# ---- text extraction -------------------------------------------------------------------------------------------

_stock_to_unicode_map = ttfonts.makeToUnicodeCMap
_BEYOND_BMP = re.compile(r"<([0-9A-F]{5,6})>(?=\n)")


def to_unicode_map(font_name: str, subset: list[int]) -> str:
    """ReportLab's ToUnicode map with characters above U+FFFF as UTF-16 surrogate pairs (ISO 32000-1 §9.10.3)."""
    stock: str = _stock_to_unicode_map(font_name, subset)
    return _BEYOND_BMP.sub(
        lambda match: f"<{chr(int(match[1], 16)).encode('utf-16-be').hex().upper()}>", stock
    )
