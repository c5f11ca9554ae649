"""What forms are made of: grids of labelled values, tables, running text, opinion boxes. Plain JSON values.

A ruled table row cannot be longer than a page, so text is cut into rows of a few lines *at the very places where the
typesetter breaks lines* (app.reports.line_rules): the rules between such rows are left out and nobody sees the cut.

    grid:    {"kind": "grid", "title", "rows": [[cell]], "texts": [text]}       cell: {"text", "span", "head"}
    table:   {"kind": "table", "title", "note", "columns": [{"label", "width"}], "rows": [row]}
             row: {"cells": [text]} or text
    text:    {"kind": "text", "title", "rows": [text]}
    signed:  {"kind": "signed", "title", "rows": [text], "signs": [text], "date"}
    box:     {"kind": "box", "title", "field", "facts": [[label]], "height", "signs": [text], "caption"}
    text:    {"label", "lines", "first": bool, "last": bool}
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from app.reports.certificate_layout import ASCII_WIDTHS as _ASCII
from app.reports.line_rules import break_text, count_lines

Block = dict[str, Any]

BODY_POINTS = 10.5
PAGE_POINTS = 174 / 25.4 * 72  # A4 less margins of 18 mm
CELL_PADDING = 9.2  # both sides, with the rule
LINES_PER_ROW = 8
# A cell of a table that would need more lines than this is printed under its row over the whole width instead.
LINES_PER_CELL = 8
NOTHING = "—"
# A box for an opinion: rows of facts, room for the opinion, and the foot (who, the place of the seal, signatures, date).
FACT_ROW_POINTS, FOOT_POINTS, ROOM_POINTS = 21.0, 62.0, 112.0

_FULL_EM = (PAGE_POINTS - CELL_PADDING) / BODY_POINTS - 0.3
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def em_width(character: str) -> float:
    """At least the width of a character of 宋体 in em, narrow ones excepted: a row may be a line longer, never lost."""
    if character.isascii():
        return _ASCII[ord(character) - 32] / 1000 if 32 <= ord(character) < 127 else 0.0
    return 1.0


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
    chunks: list[str] = []
    for number, paragraph in enumerate(clean(text).split("\n")):
        head = f"{label}：" if label and number == 0 else ("　　" if indent else "")
        lines = break_text(head + paragraph.strip(), _FULL_EM, em_width) if paragraph.strip() else []
        chunks += ["".join(lines[at:at + LINES_PER_ROW]) for at in range(0, len(lines), LINES_PER_ROW)]
    return [
        {"lines": chunk, "first": number == 0, "last": number == len(chunks) - 1}
        for number, chunk in enumerate(chunks)
    ]


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
        extra: list[dict[str, Any]] = []
        for (label, _), room, raw in zip(columns, rooms, item, strict=True):
            value = clean(raw)
            if _lines(value, room) > LINES_PER_CELL:
                extra += running_text(value, label=label, indent=False)
                value = "（见下）"
            cells.append(value)
        rows.append({"cells": cells})
        for named, content in below[number] if below else ():
            if clean(content):
                extra += running_text(content, label=clean(named), indent=False)
        rows += [row | {"first": at == 0, "last": at == len(extra) - 1} for at, row in enumerate(extra)]
    return {
        "kind": "table", "title": title, "note": note,
        "columns": [{"label": label, "width": round(width * 100, 2)} for (label, _), width in zip(columns, widths, strict=True)],
        "rows": rows or [{"cells": [""] * len(columns)}],
    }


def text(title: str, content: object) -> Block:
    """Running text in a ruled box."""
    return {"kind": "text", "title": title, "rows": running_text(content)}


def signed(title: str, content: object, *, date: str = "", signs: Sequence[str] = ()) -> Block:
    """Running text in a ruled box that somebody signs by hand."""
    return {"kind": "signed", "title": title, "rows": running_text(content), "date": date, "signs": list(signs)}


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


