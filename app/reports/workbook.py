"""Plain Excel sheets: one head row, text and numbers. Cells that would begin a formula stay text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import BinaryIO
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from app.errors import Invalid
from app.reports.sheet import fill_cell, print_wide

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_rows(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """A workbook of one sheet with a bold, frozen head; columns as wide as their texts."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title[:31]
    line = Side(style="thin")
    for number, row in enumerate([columns, *rows], 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            fill_cell(cell, value, "number" if isinstance(value, int) else "text")
            cell.border = Border(left=line, right=line, top=line, bottom=line)
            cell.alignment = Alignment(vertical="center", wrap_text=True, horizontal="center" if number == 1 else None)
            if number == 1:
                cell.font = Font(name="黑体", bold=True)
    for column, label in enumerate(columns, 1):
        longest = max([len(label), *(len(str(row[column - 1] or "")) for row in rows[:200])])
        sheet.column_dimensions[get_column_letter(column)].width = min(60, max(10, longest * 2 + 2))
    sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
    print_wide(sheet)
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def read_rows(stream: BinaryIO, width: int, *, most: int) -> list[tuple[int, list[object]]]:
    """(row number, cells) of the first sheet below its head, empty rows left out; Invalid when it is no workbook."""
    try:
        book = load_workbook(stream, read_only=True, data_only=True)
        found: list[tuple[int, list[object]]] = []
        for number, row in enumerate(book.worksheets[0].iter_rows(min_row=2, max_col=width, values_only=True), 2):
            if any(cell not in (None, "") for cell in row):
                found.append((number, [*row, *[None] * (width - len(row))]))
            if len(found) > most:
                raise Invalid(f"一次最多导入 {most} 行，请分批导入。")
        return found
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise Invalid("文件无法识别，请使用下载的模板填写后上传 .xlsx 文件。") from error
