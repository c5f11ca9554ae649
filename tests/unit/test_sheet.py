"""Excel files: what is written is typed and never a formula; what is read is text, bounded, and nothing runs."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.xml import DEFUSEDXML

from app.errors import Invalid
from app.reports.sheet import SheetColumn, numbered, write_roster, write_template
from app.rules.sheet_rows import is_rounded, read_rows

DANGEROUS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\",\"y\")", "＝1+1", "=cmd|' /C calc'!A0"]


LOCAL = dt.datetime  # cells know no time zone


def cells(data: bytes) -> list[list[Any]]:
    return [list(row) for row in load_workbook(BytesIO(data)).worksheets[0].iter_rows()]


def roster(columns: list[SheetColumn], *rows: list[Any], **more: Any) -> list[list[Any]]:
    return cells(write_roster(title="名册", columns=columns, rows=rows, **more))


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_is_a_formula(text: str) -> None:
    for kind in ("text", "number", "date", "moment"):
        cell = roster([SheetColumn("甲", kind)], [text])[2][0]
        assert cell.data_type != "f"
        assert cell.quotePrefix, "editing the cell must not make a formula of it either"


@given(st.text())
def test_any_text_comes_back_as_text(text: str) -> None:
    cell = roster([SheetColumn("甲")], [text])[2:]
    if cell and cell[0][0].value is not None:
        assert cell[0][0].data_type == "s"
        assert len(cell[0][0].value) <= 32_767


def test_cells_have_types() -> None:
    moment = dt.datetime(2026, 1, 31, 20, 0, tzinfo=dt.UTC)
    columns = [SheetColumn("甲", "number"), SheetColumn("乙", "number"), SheetColumn("丙", "date"),
               SheetColumn("丁", "moment"), SheetColumn("戊"), SheetColumn("己")]
    row = roster(columns, [12, "0.5", "2026-01-31", moment, True, "340101199001011234"])[2]
    assert [cell.value for cell in row] == [
        12, 0.5, LOCAL(2026, 1, 31), LOCAL(2026, 2, 1, 4), "是", "340101199001011234"
    ]
    assert roster([SheetColumn("甲", "number")], [Decimal("1.5")])[2][0].value == 1.5


def test_a_number_too_long_for_a_spreadsheet_stays_text() -> None:
    assert roster([SheetColumn("甲", "number")], ["1234567890123456"])[2][0].value == "1234567890123456"


def test_title_note_and_headings_stand_above_the_rows() -> None:
    rows = cells(write_roster(
        title="业绩:库/一", note="导出时间 2026-01-31", columns=[SheetColumn("序号", "number"), SheetColumn("姓名")],
        rows=numbered([["李明"], ["王芳"]]),
    ))
    assert [[cell.value for cell in row if cell.value is not None] for row in rows] == [
        ["业绩:库/一"], ["导出时间 2026-01-31"], ["序号", "姓名"], [1, "李明"], [2, "王芳"]
    ]


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        roster([SheetColumn("甲")], ["一", "二"])


def test_a_template_has_headings_and_lists() -> None:
    data = write_template(title="工作经历", columns=[
        SheetColumn("级别", required=True, options=("国家级", "省部级")), SheetColumn("说明", hint="最多 50 字"),
    ], notes=["每行一条。"])
    book = load_workbook(BytesIO(data))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["级别*", "说明"]
    assert [rule.formula1 for rule in sheet.data_validations.dataValidation] == ["选项!$A$2:$A$3", None]
    assert [row.cells for row in read_rows(data, max_rows=10)] == [("级别*", "说明")]


def book(*rows: list[Any]) -> bytes:
    made, stream = Workbook(), BytesIO()
    for row in rows:
        made.worksheets[0].append(row)
    made.save(stream)
    return stream.getvalue()


def test_rows_come_as_text_with_their_numbers() -> None:
    data = book(["日期", "数"], [None, None], [dt.date(2026, 1, 31), 2020.0], [True, 1.5])
    assert [(row.number, row.cells) for row in read_rows(data, max_rows=10)] == [
        (1, ("日期", "数")), (3, ("2026-01-31", "2020")), (4, ("是", "1.5"))
    ]


def test_formulas_are_not_run() -> None:
    assert [row.cells for row in read_rows(book(["=1+1", "x"]), max_rows=10)] == [("", "x")]


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(Invalid, match="最多导入 2 行"):
        list(read_rows(book(["h"], *[["x"]] * 3), max_rows=2))
    assert len(list(read_rows(book(["h"], *[["x"]] * 2), max_rows=2))) == 3


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" + b"\0" * 600])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        list(read_rows(data, max_rows=10))


def repacked(data: bytes, name: str, content: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, content if item.filename == name else old.read(item))
        if name not in old.namelist():
            new.writestr(name, content)
    return out.getvalue()


def test_bombs_entities_and_macros_are_refused() -> None:
    assert DEFUSEDXML, "openpyxl parses with defusedxml"
    good = book(["x"])
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'
    for name, content in (
        ("xl/worksheets/sheet1.xml", b"<a>" + b" " * 70_000_000), ("xl/worksheets/sheet1.xml", entity),
        ("xl/vbaProject.bin", b"x"),
    ):
        with pytest.raises(Invalid):
            list(read_rows(repacked(good, name, content), max_rows=10))


def test_a_sheet_that_claims_a_million_rows_is_read_within_bounds() -> None:
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/><sheetData>'
    far = head + b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>'
    assert list(read_rows(repacked(book(["x"]), "xl/worksheets/sheet1.xml", far), max_rows=100)) == []


def test_a_certificate_number_kept_as_a_number_is_noticed() -> None:
    assert is_rounded("340101199001011000")
    assert not is_rounded("340101199001011234")
    assert not is_rounded("1200")
