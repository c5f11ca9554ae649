"""Reading an .xlsx file somebody sent: checked for bombs and macros first, formulas never run, nothing else opened.

A formula's cell gives the value Excel kept beside it, or nothing. openpyxl parses with defusedxml, which is installed.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook

from app.errors import Invalid
from app.rules.upload_office import check_ooxml

MAX_BYTES = 10 * 1024 * 1024
MAX_COLUMNS = 100
MAX_NUMBER = 1_048_576  # of a row; the reader fills gaps, so a row that calls itself the billionth would never end
_SAFE_DIGITS = 15  # of a number cell; Excel has rounded longer ones already
_UNREADABLE = "表格无法读取，请下载模板，用办公软件填写并保存为 .xlsx 后重新上传。"


@dataclass(frozen=True)
class SheetRow:
    """One row that holds something: its number in the sheet (from 1) and its cells as text, in order."""

    number: int
    cells: tuple[str, ...]


def read_rows(data: bytes, *, max_rows: int) -> Iterator[SheetRow]:
    """The rows of the first sheet that are not empty. Invalid for what is no such file, or has more than `max_rows`."""
    if len(data) > MAX_BYTES:
        raise Invalid(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请分成几个文件导入。")
    if data[:2] != b"PK":
        raise Invalid("只能导入 .xlsx 格式的表格，请用办公软件另存为 .xlsx 后重新上传。")
    check_ooxml(data, "xlsx")
    seen = 0
    for number, values in enumerate(_values(data), 1):
        if number > MAX_NUMBER:
            raise Invalid(_UNREADABLE)
        if not any(value is not None for value in values):
            continue
        cells = tuple(_text(value) for value in values)
        while cells and not cells[-1]:
            cells = cells[:-1]
        if cells:
            seen += 1
            if seen > max_rows + 1:  # and the headings
                raise Invalid(f"一次最多导入 {max_rows} 行，请分成几个文件导入。")
            yield SheetRow(number, cells)


def _values(data: bytes) -> Iterator[Sequence[Any]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what openpyxl leaves out: extensions, pictures
            book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its own size is not trusted
        yield from sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
    except Invalid:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, BadZipFile, SyntaxError) as error:
        raise Invalid(_UNREADABLE) from error


def _text(value: Any) -> str:
    """A cell as it would have been typed. Long numbers come marked, because their last digits are lost."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**18 else repr(value)
    return str(value).strip()


def is_rounded(text: str) -> bool:
    """Whether a cell is a number with more digits than a spreadsheet keeps (a certificate number, say)."""
    return text.isascii() and text.isdecimal() and len(text) > _SAFE_DIGITS and text.endswith("00")
