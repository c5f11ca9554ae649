"""What forms are made of: grids of labelled values, tables, running text, opinion boxes. Plain JSON values.

A ruled table row cannot be longer than a page, so text is cut into rows of a few lines *at the very places where the
typesetter breaks lines* (app.reports.line_rules): the rules between such rows are left out and nobody sees the cut.

    grid:    {"kind": "grid", "title", "rows": [[cell]], "texts": [text]}       cell: {"text", "span", "head"}
    table:   {"kind": "table", "title", "note", "columns": [{"label", "width"}], "rows": [row]}
             row: {"cells": [text]} or text
    text:    {"kind": "text", "title", "rows": [text]}
    signed:  {"kind": "signed", "title", "rows": [text], "signs": [text], "date", "whole": bool}
    box:     {"kind": "box", "title", "field", "facts": [[label]], "height", "signs": [text], "caption"}
    text:    {"label", "lines", "first": bool, "last": bool}
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from app.reports.certificate_layout import ASCII_WIDTHS as _ASCII
from app.reports.line_rules import break_text, count_lines

Block = dict[str, Any]

BODY_POINTS = 10.5
PAGE_POINTS = 174 / 25.4 * 72  # A4 less margins of 18 mm
CELL_PADDING = 9.2  # both sides, with the rule
RUN_PADDING = 8.0  # of running text: what the typesetter leaves free, exactly
LINES_PER_ROW = 4
# A cell of a table that would need more lines than this is printed under its row over the whole width instead.
LINES_PER_CELL = 8
NOTHING = "—"
# A box for an opinion: rows of facts, room for the opinion, and the foot (who, the place of the seal, signatures, date).
FACT_ROW_POINTS, FOOT_POINTS, ROOM_POINTS = 21.0, 62.0, 112.0
# The longest promise or statement that is not cut by the end of a page.
WHOLE_LINES = 30

_FULL_EM = (PAGE_POINTS - RUN_PADDING) / BODY_POINTS - 0.01
_NARROW = {"—": 0.89, "·": 0.327}
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def em_width(character: str) -> float:
    """The width of a character of 宋体 in em; of rare ones at least that: a row may be a line longer, never lost."""
    if character.isascii():
        return _ASCII[ord(character) - 32] / 1000 if 32 <= ord(character) < 127 else 0.0
    return _NARROW.get(character, 1.0)


def clean(text: object) -> str:
    """Text that can be set: no characters that are not seen, line breaks kept."""
    kept = (
        "\n" if c in "\n\u2028\u2029" else " " if c.isspace() and c != "\u3000" else c
        for c in str(text if text is not None else "").replace("\r\n", "\n").replace("\r", "\n")
        if c.isspace() or unicodedata.category(c) not in _UNSEEN
    )
    return "".join(kept).strip()


def running_text(text: object, *, label: str = "", indent: bool = True) -> list[dict[str, Any]]:
    """The rows of a text over the whole width; a paragraph begins with two empty places."""
    return _running([(label, text)], indent=indent)


def _running(parts: Sequence[tuple[str, object]], *, indent: bool) -> list[dict[str, Any]]:
    """Labelled texts one below the other; short paragraphs share a row, so that the last is not alone on a page."""
    rows: list[str] = []
    count = LINES_PER_ROW
    for label, text in parts:
        for number, paragraph in enumerate(clean(text).split("\n")):
            if not paragraph.strip():
                continue
            head = f"{label}：" if label and number == 0 else ("　　" if indent else "")
            for at, lines in enumerate(_few(break_text(head + paragraph.strip(), _FULL_EM, em_width))):
                if at == 0 and count + len(lines) <= LINES_PER_ROW:
                    rows[-1] += "\n" + "".join(lines)
                    count += len(lines)
                else:
                    rows.append("".join(lines))
                    count = len(lines)
    if count == 1 and len(rows) > 1:
        alone = rows.pop()
        rows[-1] += "\n" + alone
    return [{"lines": row, "first": at == 0, "last": at == len(rows) - 1} for at, row in enumerate(rows)]


def _few(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    """The lines a few at a time, never the last one alone: it might begin a page."""
    at = 0
    while at < len(lines):
        end = at + LINES_PER_ROW - (len(lines) - at == LINES_PER_ROW + 1)
        yield lines[at:end]
        at = end


def grid(title: str, pairs: Sequence[Sequence[object]], *, columns: int = 2, nothing: str = NOTHING) -> Block:
    """Labels and values, `columns` pairs a row; what is too long for its cell takes the whole width or runs below.

    `nothing` stands where there is no value: a blank (U+3000) leaves the cell to be filled by hand.
    """
    room = (PAGE_POINTS / columns * 0.62 - CELL_PADDING) / BODY_POINTS - 0.3
    wide = (PAGE_POINTS * (1 - 0.38 / columns) - CELL_PADDING) / BODY_POINTS - 0.3
    rows: list[list[dict[str, Any]]] = []
    texts: list[dict[str, Any]] = []
    line: list[dict[str, Any]] = []

    def close() -> None:
        nonlocal line
        if line:
            line[-1]["span"] += 2 * (columns - len(line) // 2)
            rows.append(line)
        line = []

    for label, raw in pairs:
        name, value = clean(label), clean(raw) or nothing
        if count_lines(name, (PAGE_POINTS / columns * 0.38 - CELL_PADDING) / BODY_POINTS, em_width) > 4:
            texts += running_text(value, label=name, indent=False)
            continue
        needed = _lines(value, room)
        if needed <= 3:
            line += [_cell(name, head=True), _cell(value)]
            if len(line) == 2 * columns:
                close()
        elif _lines(value, wide) <= LINES_PER_CELL:
            close()
            rows.append([_cell(name, head=True), _cell(value, span=2 * columns - 1)])
        else:
            texts += running_text(value, label=name, indent=False)
    close()
    if not rows and not texts:
        rows = [[_cell(NOTHING, span=2 * columns)]]
    return {"kind": "grid", "title": title, "columns": columns, "rows": rows, "texts": texts}


def _cell(text: str, *, head: bool = False, span: int = 1) -> dict[str, Any]:
    return {"text": text, "head": head, "span": span}


def table(
    title: str, columns: Sequence[tuple[str, float]], items: Sequence[Sequence[object]], *, note: str = "",
    below: Sequence[Sequence[Sequence[object]]] = (),
) -> Block:
    """A table with a repeated head. `columns`: (label, share of the width); `below`: for each item the (label, value)
    pairs that run under its row. Without items one empty row is left, as on paper.
    """
    total = sum(share for _, share in columns)
    widths = [share / total for _, share in columns]
    rooms = [(PAGE_POINTS * width - CELL_PADDING) / BODY_POINTS - 0.3 for width in widths]
    rows: list[dict[str, Any]] = []
    for number, item in enumerate(items):
        cells: list[str] = []
        extra: list[tuple[str, object]] = []
        for (label, _), room, raw in zip(columns, rooms, item, strict=True):
            value = clean(raw)
            if _lines(value, room) > LINES_PER_CELL:
                extra.append((label, value))
                value = "（见下）"
            cells.append(value)
        extra += [(clean(named), content) for named, content in (below[number] if below else ()) if clean(content)]
        rows += [{"cells": cells}, *_running(extra, indent=False)]
    return {
        "kind": "table", "title": title, "note": note,
        "columns": [{"label": label, "width": round(width * 100, 2)} for (label, _), width in zip(columns, widths, strict=True)],
        "rows": rows or [{"cells": [""] * len(columns)}],
    }


def text(title: str, content: object) -> Block:
    """Running text in a ruled box."""
    return {"kind": "text", "title": title, "rows": running_text(content)}


def signed(title: str, content: object, *, date: str = "", signs: Sequence[str] = ()) -> Block:
    """Running text in a ruled box that somebody signs by hand, on one page unless it is long."""
    lines = sum(count_lines("　　" + part, _FULL_EM, em_width) for part in clean(content).split("\n"))
    return {"kind": "signed", "title": title, "rows": running_text(content), "date": date, "signs": list(signs),
            "whole": lines <= WHOLE_LINES}


def box(
    title: str, field: str, *, facts: Sequence[Sequence[str]] = (), room: float = ROOM_POINTS, signs: Sequence[str] = (),
    caption: str = "公章",
) -> Block:
    """A box of a fixed size for what an organization says later (app.reports.slip), on one page as a whole.

    `field`: the name of its signature field; `facts`: rows of one or two labels whose values are filled in then.
    """
    return {
        "kind": "box", "title": title, "field": field, "facts": [list(row) for row in facts], "signs": list(signs),
        "caption": caption, "room": room, "height": round(len(facts) * FACT_ROW_POINTS + room + FOOT_POINTS),
    }


def facts_of(blocks: Sequence[Block]) -> dict[str, list[list[str]]]:
    """The rows of facts of each box, by the name of its field: what a slip must know of the form it is laid on."""
    return {block["field"]: block["facts"] for block in blocks if block["kind"] == "box"}


def _lines(content: str, room: float) -> int:
    return sum(count_lines(part, room, em_width) for part in content.split("\n"))


