"""Workbooks nobody should have sent: each is refused with a sentence, or read as the text it shows, in bounded time."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import time
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app.errors import Invalid
from app.rules.sheet_rows import read_rows

SHEET = "xl/worksheets/sheet1.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def book(*rows: list[Any]) -> bytes:
    made, stream = Workbook(), io.BytesIO()
    for row in rows:
        made.worksheets[0].append(row)
    made.save(stream)
    return stream.getvalue()


def repacked(data: bytes, parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, parts.get(item.filename, old.read(item)))
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name])
    return out.getvalue()


def sheet(body: str, before: str = "", after: str = "") -> dict[str, bytes]:
    return {SHEET: f"<worksheet {NS}>{before}<sheetData>{body}</sheetData>{after}</worksheet>".encode()}


def cell(ref: str, text: str) -> str:
    return f'<c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c>'


def read(data: bytes, most: int = 5000) -> list[tuple[str, ...]]:
    return [row.cells for row in read_rows(data, max_rows=most)]


def refused(data: bytes, most: int = 5000) -> str:
    with pytest.raises(Invalid) as error:
        read(data, most)
    assert error.value.message.endswith("。")
    return error.value.message


def types(kind: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book(["x"]))) as package:
        return package.read("[Content_Types].xml").replace(
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", kind.encode())


def test_a_formula_gives_what_the_file_kept_beside_it_and_is_never_run() -> None:
    kept = sheet('<row r="1"><c r="A1"><f>WEBSERVICE("http://x")</f><v>7</v></c><c r="B1" t="str"><f>1+1</f><v>两</v></c><c r="C1"><f>A1</f></c></row>')
    assert read(repacked(book(["x"]), kept)) == [("7", "两")]
    assert read(book(["=1+1", "'=2", "+3", "@x"])) == [("", "'=2", "+3", "@x")]


def test_macros_are_refused_by_part_and_by_type() -> None:
    good = book(["x"])
    macro = types("application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    for parts in ({"xl/vbaProject.bin": b"x"}, {"[Content_Types].xml": macro}, {"xl/activeX/activeX1.bin": b"x"}):
        assert "宏" in refused(repacked(good, parts))


def test_floods_are_refused_before_they_are_unpacked() -> None:
    good = book(["x"])
    began = time.perf_counter()
    assert "过大" in refused(repacked(good, sheet(" " * 70_000_000)))
    assert "过大" in refused(repacked(good, {"xl/media/image1.png": b"\0" * 130_000_000}))
    assert time.perf_counter() - began < 10


def test_a_shared_string_table_that_swells_is_bounded() -> None:
    text = "长" * 32_000
    rows = "".join(f'<row r="{n}">{cell(f"A{n}", text)}</row>' for n in range(1, 300))
    assert "过大" in refused(repacked(book(["x"]), sheet(rows)))


def test_entities_and_outside_parts_are_refused_or_not_opened() -> None:
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'
    assert refused(repacked(book(["x"]), {SHEET: entity}))
    link = (b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
            b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" '
            b'Target="http://evil.example/book.xlsx" TargetMode="External"/></Relationships>')
    assert "外部" in refused(repacked(book(["x"]), {"xl/externalLinks/_rels/externalLink1.xml.rels": link}))


def test_what_a_sheet_says_of_its_size_is_not_believed() -> None:
    huge = sheet(f'<row r="1">{cell("A1", "甲")}</row>', before='<dimension ref="A1:XFD1048576"/>')
    assert read(repacked(book(["x"]), huge)) == [("甲",)]


def test_rows_and_columns_beyond_the_bounds_cost_nothing() -> None:
    began = time.process_time()
    far = sheet(f'<row r="1">{cell("A1", "甲")}{cell("XFD1", "远")}</row><row r="1048576">{cell("A1048576", "底")}</row>')
    assert read(repacked(book(["x"]), far)) == [("甲",), ("底",)], "a row far down is a row"
    endless = sheet(f'<row r="1">{cell("A1", "甲")}</row><row r="99999999999">{cell("A99999999999", "底")}</row>')
    assert "无法读取" in refused(repacked(book(["x"]), endless))
    assert time.process_time() - began < 20


def test_many_rows_are_refused_without_reading_them_all() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 200_000))
    began = time.process_time()
    assert "最多导入 5000 行" in refused(repacked(book(["x"]), sheet(rows)))
    assert time.process_time() - began < 5


def test_many_formatted_but_empty_rows_are_told_apart_from_rows() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(2, 9_000))
    data = repacked(book(["x"]), sheet(f'<row r="1">{cell("A1", "甲")}</row>{rows}<row r="9000">{cell("A9000", "乙")}</row>'))
    assert [row.number for row in read_rows(data, max_rows=5000)] == [1, 9000]


def test_merged_cells_give_their_text_once() -> None:
    merged = sheet(f'<row r="1">{cell("A1", "甲")}<c r="B1"/><c r="C1"/></row><row r="2">{cell("C2", "乙")}</row>',
                   after='<mergeCells count="1"><mergeCell ref="A1:C1"/></mergeCells>')
    assert read(repacked(book(["x"]), merged)) == [("甲",), ("", "", "乙")]


def test_dates_come_as_dates_however_they_were_kept() -> None:
    made, stream = Workbook(), io.BytesIO()
    page = made.worksheets[0]
    moment = dt.datetime(2020, 5, 6, 8, 30)  # noqa: DTZ001  a cell has no time zone
    page.append([dt.date(2020, 5, 6), moment, "2020-05-06", "2020/5/6", 43957])
    page["E1"].number_format = "yyyy-mm-dd"
    made.save(stream)
    assert read(stream.getvalue()) == [("2020-05-06", "2020-05-06 08:30", "2020-05-06", "2020/5/6", "2020-05-06")]


def test_errors_of_a_spreadsheet_and_rich_text_are_text() -> None:
    rich = '<row r="1"><c r="A1" t="e"><v>#REF!</v></c><c r="B1" t="inlineStr"><is><r><t>粗</t></r><r><t>体</t></r></is></c><c r="C1" t="b"><v>1</v></c></row>'
    assert read(repacked(book(["x"]), sheet(rich))) == [("#REF!", "粗体", "是")]


@pytest.mark.parametrize("broken", [
    '<row r="1"><c r="A1" t="s"><v>99</v></c></row>', '<row r="1"><c r="A1" t="n"><v>abc</v></c></row>', '<row r="x"/>',
    '<row r="1"><c r="A1" t="d"><v>never</v></c></row>', '<row r="1"><c r="A1" s="9999"><v>1</v></c></row>',
], ids=["string", "number", "row", "date", "style"])
def test_a_broken_sheet_is_read_or_refused(broken: str) -> None:
    data = repacked(book(["x"]), sheet(broken))
    with contextlib.suppress(Invalid):  # every other error would be an error page
        assert all(isinstance(text, str) for row in read(data) for text in row)


def test_a_password_and_an_old_format_are_named() -> None:
    assert ".xlsx" in refused(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    assert ".xlsx" in refused("姓名,单位\n".encode())
    assert ".xlsx" in refused(b"")
    assert refused(b"PK\x03\x04" + b"\0" * 100)


def test_only_the_first_sheet_is_read() -> None:
    data = io.BytesIO(book(["甲"]))
    made = load_workbook(data)
    made.create_sheet("第二页").append(["不读"])
    stream = io.BytesIO()
    made.save(stream)
    assert read(stream.getvalue()) == [("甲",)]
