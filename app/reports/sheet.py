"""Rosters and templates as Excel files: title, columns, rows; typed cells; nothing a cell holds is ever a formula.

    data = write_roster(title="个人业绩库-工作经历", columns=[SheetColumn("姓名"), SheetColumn("申报日期", "date")], rows=rows)

A roster is written row by row, so that `rows` may be a generator over a hundred thousand records.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = ("text", "number", "date", "moment")
MAX_TEXT = 32_767  # characters of a cell, a limit of Excel's
OPTIONS_SHEET = "选项"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what spreadsheets take for a formula
_FORMATS = {"text": "@", "number": "General", "date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm"}
_ZONE = ZoneInfo("Asia/Shanghai")
_TITLE = Font(bold=True, size=14)
_HEAD, _HEAD_FILL = Font(bold=True), PatternFill("solid", start_color="FFE8EEF7")
_REQUIRED = Font(bold=True, color="FFC00000")
_NOTE = Font(color="FF666666")
_WRAP = Alignment(wrap_text=True, vertical="top")
_SHEET_NAME_BAD = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


@dataclass(frozen=True)
class SheetColumn:
    """A column. `kind`: text, number, date or moment (aware; shown in Asia/Shanghai). `width` in characters.

    In a template `required` marks the heading, `hint` is shown when a cell is chosen, `options` become a list to
    choose from.
    """

    label: str
    kind: str = "text"
    width: int = 16
    required: bool = False
    hint: str = ""
    options: tuple[str, ...] = ()


def write_roster(
    *, title: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[Any]], note: str = "",
) -> bytes:
    """An .xlsx file: the title, a note (who made it, when, with which conditions), the headings, one line a row.

    Values follow the columns' kinds: str, int/Decimal/number strings, date, aware datetime; None is an empty cell.
    A value that does not fit its kind is written as text.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    print_wide(sheet)
    for number, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    lead = [(title, _TITLE)] + ([(note, _NOTE)] if note else [])
    sheet.freeze_panes = f"A{len(lead) + 2}"
    sheet.print_title_rows = f"{len(lead) + 1}:{len(lead) + 1}"
    for text, font in lead:
        sheet.append([_cell(sheet, text, "text", font=font)])
    sheet.append([_cell(sheet, column.label, "text", font=_HEAD, fill=_HEAD_FILL) for column in columns])
    try:
        for row in rows:
            sheet.append([_cell(sheet, value, column.kind) for value, column in zip(row, columns, strict=True)])
    except BaseException:
        sheet.close()  # the half-written part is a temporary file
        raise
    return _saved(book)


def write_template(*, title: str, columns: Sequence[SheetColumn], notes: Sequence[str] = ()) -> bytes:
    """An empty .xlsx file to fill in: headings in the first row, choices as lists, what to mind on a sheet of its own."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _sheet_name(title)
    print_wide(sheet)
    options = book.create_sheet(OPTIONS_SHEET)
    for number, column in enumerate(columns, 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = column.width
        sheet.column_dimensions[letter].number_format = "@"
        head = sheet.cell(1, number)
        fill_cell(head, column.label + ("*" if column.required else ""), "text")
        head.font, head.fill = (_REQUIRED if column.required else _HEAD), _HEAD_FILL
        fill_cell(options.cell(1, number), column.label, "text")
        for line, option in enumerate(column.options, 2):
            fill_cell(options.cell(line, number), option, "text")
        if column.options or column.hint:
            sheet.add_data_validation(_choice(column, letter))
    sheet.freeze_panes = "A2"
    about = book.create_sheet("填写说明")
    about.column_dimensions["A"].width = 100
    for line, text in enumerate(notes, 1):
        fill_cell(about.cell(line, 1), text, "text")
        about.cell(line, 1).alignment = _WRAP
    options.sheet_state = "hidden"
    return _saved(book)


def print_wide(sheet: Any) -> None:
    """On paper: A4 landscape with rules, all columns on one page's width, page x of y."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.gridLines = True
    sheet.oddFooter.center.text = "第 &P 页　共 &N 页"


def _choice(column: SheetColumn, letter: str) -> DataValidation:
    """Hints and choices only: what is allowed is said by the import, beside the row."""
    rule = DataValidation(
        type="list" if column.options else None, showErrorMessage=False, allow_blank=True,
        formula1=f"{OPTIONS_SHEET}!${letter}$2:${letter}${len(column.options) + 1}" if column.options else None,
    )
    if column.hint:
        rule.showInputMessage, rule.promptTitle, rule.prompt = True, column.label[:32], column.hint[:255]
    rule.add(f"{letter}2:{letter}1048576")
    return rule


def _cell(sheet: Any, value: Any, kind: str, **style: Any) -> Any:
    cell = WriteOnlyCell(sheet)
    fill_cell(cell, value, kind)
    for name, setting in style.items():
        setattr(cell, name, setting)
    return cell


def fill_cell(cell: Any, value: Any, kind: str) -> None:
    """Put a value in with its type; text that begins like a formula is marked as text for good (quotePrefix)."""
    typed = _typed(value, kind)
    if typed is None:
        return
    if isinstance(typed, str):
        cell.value = None
        cell._value, cell.data_type = typed, "s"  # by hand: openpyxl makes formulas of what begins with =
        if typed.startswith(_FORMULA_STARTS):
            cell.quotePrefix = True
        cell.number_format = "@"
    else:
        cell.value = typed
        cell.number_format = _FORMATS[kind]


def _typed(value: Any, kind: str) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    if kind == "moment" and isinstance(value, dt.datetime):
        return value.astimezone(_ZONE).replace(tzinfo=None)
    if kind == "date":
        return _date(value)
    if kind == "number" and isinstance(value, int | float | Decimal):
        return value
    if kind == "number" and isinstance(value, str) and _is_number(value):
        return Decimal(value)
    return ILLEGAL_CHARACTERS_RE.sub("", str(value))[:MAX_TEXT]


def _date(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(_ZONE).date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return ILLEGAL_CHARACTERS_RE.sub("", str(value))[:MAX_TEXT]


def _is_number(text: str) -> bool:
    """At most 15 digits: more, and a spreadsheet would round them."""
    digits = text.lstrip("-").replace(".", "", 1)
    return digits.isascii() and digits.isdecimal() and len(digits) <= 15


def _sheet_name(title: str) -> str:
    return (ILLEGAL_CHARACTERS_RE.sub("", title).translate(_SHEET_NAME_BAD).strip() or "Sheet")[:31]


def _saved(book: Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def numbered(rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """The rows with 序号 in front, from 1."""
    for number, row in enumerate(rows, 1):
        yield [number, *row]
