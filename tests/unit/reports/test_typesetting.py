"""The patches of xhtml2pdf and ReportLab: version first, then behaviour."""

from __future__ import annotations

import io
import itertools
import random
import re
from datetime import UTC, datetime
from importlib.metadata import version

import pypdfium2
import pytest
from pypdf import PdfReader
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from app.reports import typesetting
from app.reports.fonts import DEFAULT_FONT_DIR, face_name
from app.reports.line_rules import NOT_AT_LINE_END, NOT_AT_LINE_START, count_lines
from app.reports.rendering import render_document
from tests.unit.reports.reading import page, page_texts, text_lines

CREATED = datetime(2026, 11, 20, tzinfo=UTC)

SENTENCE = (
    "本人自2012年7月参加工作以来，一直从事水利水电工程规划设计（含BIM正向设计、GIS）工作；"
    "主持完成“淠史杭灌区”等12项，总投资3.86亿元，获国家发明专利ZL201810123456.7等。"
)


def render(body: str, css: str = "") -> bytes:
    return render_document(page(body, css), title="测试", created=CREATED, font_dir=DEFAULT_FONT_DIR)


@pytest.mark.parametrize(("package", "expected"), sorted(typesetting.WRITTEN_FOR.items()))
def test_patches_are_used_only_with_the_versions_they_were_written_for(package: str, expected: str) -> None:
    assert version(package) == expected, (
        f"{package} moved: read app/reports/typesetting.py against the new source, then change WRITTEN_FOR"
    )


def test_patches_are_in_force() -> None:
    render("<p>一</p>")
    assert typesetting.paragraphs.cjkFragSplit is typesetting.break_lines
    assert typesetting.ttfonts.makeToUnicodeCMap is typesetting.to_unicode_map
    assert typesetting.tables.PmlTable.split is typesetting._split_table


@pytest.mark.parametrize("width", range(150, 330, 9))
@pytest.mark.parametrize("bold", [False, True], ids=["one fragment", "several fragments"])
def test_lines_keep_punctuation_and_words_where_they_belong(width: int, bold: bool) -> None:
    text = SENTENCE.replace("水利水电", "<b>水利水电</b>") if bold else SENTENCE
    lines = text_lines(
        render(f"<p>{text}</p>", f"@page {{ size: {width}pt 800pt; margin: 10pt }} p {{ font-size: 10pt }}")
    )
    assert len(lines) > 2
    assert "".join(lines) == SENTENCE
    if not bold:
        assert len(lines) == count_lines(SENTENCE, (width - 20) / 10, _em)
    for line in lines[1:]:
        assert line[0] not in NOT_AT_LINE_START, lines
    for line in lines[:-1]:
        assert line[-1] not in NOT_AT_LINE_END, lines
    for before, after in itertools.pairwise(lines):
        assert not re.search(r"[A-Za-z0-9.]$", before) or not re.match(r"[A-Za-z0-9.]", after), lines


def test_a_word_longer_than_the_line_is_cut_and_not_lost() -> None:
    lines = text_lines(render(f"<p>编号{'A' * 200}止</p>", "@page { size: 200pt 800pt; margin: 10pt }"))
    assert "".join(lines) == f"编号{'A' * 200}止"
    assert len(lines) > 5


def test_forced_breaks_are_kept_and_spaces_at_line_starts_swallowed() -> None:
    lines = text_lines(render("<p>第一行<br/>第二行<br/>third line</p>"))
    assert lines == ["第一行", "第二行", "third line"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("markup", ["{}", "<b>甲</b>{}"], ids=["plain", "mixed"])
def test_paragraphs_cross_pages_without_loss(seed: int, markup: str) -> None:
    dice = random.Random(seed)
    texts = [(SENTENCE * 40)[: dice.choice([40, 400, 1800])] for _ in range(8)]
    pdf = render(
        "".join(f'<p style="text-indent:2em;text-align:justify">{markup.format(t)}</p>' for t in texts),
        "@page { size: A5; margin: 2cm } p { font-size: 11pt; line-height: 1.6 }",
    )
    pages = page_texts(pdf)
    assert len(pages) > 1
    together = re.sub(r"[\r\n]", "", "".join(pages))  # a space between the halves would be a fault
    assert together == "".join(markup.format(t) for t in texts).replace("<b>", "").replace("</b>", "")


@pytest.mark.parametrize("lines_left", [1, 2, 3])
@pytest.mark.parametrize("lines_before", [2, 5])
def test_a_paragraph_may_leave_few_lines_on_either_page(lines_before: int, lines_left: int) -> None:
    text = "一二三四五六七八九十" * (lines_before + lines_left)
    pdf = render(
        "<p>前</p>" * (10 - lines_before) + f"<p>{text}</p>",
        "@page { size: 120pt 220pt; margin: 10pt } p { font-size: 10pt; line-height: 20pt; margin: 0 }",
    )
    pages = page_texts(pdf)
    assert len(pages) == 2
    assert re.sub(r"[\r\n]", "", "".join(pages)) == "前" * (10 - lines_before) + text
    assert len(pages[1].split()) == lines_left


def test_a_paragraph_of_one_fragment_can_be_split_and_drawn() -> None:
    """As table of contents entries are: the stock code draws them only while they stay whole."""
    render("<p>一</p>")
    style = ParagraphStyle("entry", fontName=face_name("song"), fontSize=10, leading=12, wordWrap="CJK")
    style.letterSpacing = style.wordSpacing = "normal"
    entry = typesetting.paragraphs.Paragraph(SENTENCE * 3, style)
    assert len(entry.frags) == 1
    entry.wrap(200, 1000)
    upper, lower = entry.split(200, 30)
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for part, height in ((upper, 700), (lower, 500)):
        part.wrap(200, 1000)
        part.drawOn(canvas, 50, height)
    canvas.save()
    assert "".join(text_lines(stream.getvalue())) == SENTENCE * 3


def test_no_space_appears_where_a_page_of_another_width_takes_over() -> None:
    text = "一二三四五六七八九十" * 20
    pdf = render(
        f'<pdf:nexttemplate name="wide"/><p>{text}</p>',
        "@page { size: 120pt 120pt; margin: 10pt } @page wide { size: 270pt 300pt; margin: 10pt }"
        " p { font-size: 10pt; line-height: 20pt; margin: 0 }",
    )
    pages = page_texts(pdf)
    assert len(pages) == 2
    assert len(pages[1].split()[0]) == 25
    assert re.sub(r"[\r\n]", "", "".join(pages)) == text


def test_justified_lines_reach_the_right_edge() -> None:
    pdf = render(
        f'<p style="text-align:justify">{SENTENCE * 3}</p>',
        "@page { size: 300pt 400pt; margin: 20pt } p { font-size: 12pt }",
    )
    sheet = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    text = sheet.get_text_range()
    ends = [index - 1 for index, character in enumerate(text) if character == "\r"]
    rights = [sheet.get_charbox(index, loose=True)[2] for index in ends]
    assert len(rights) > 4
    assert all(right == pytest.approx(280, abs=1.5) for right in rights)


def test_a_closed_table_has_its_rule_where_the_page_cuts_it() -> None:
    rows = "".join(f"<tr><td>{number}</td><td>{SENTENCE}</td></tr>" for number in range(20))
    css = "@page { size: A5; margin: 2cm } td { padding: 3pt }"  # no borders: every rule is ours
    open_ones, closed_ones = (
        [
            sum(bool(re.search(r"\bl S\b|\bl\nS\b| l S", stream)) for stream in [content])
            for content in _contents(render(f'<table class="{name}">{rows}</table>', css))
        ]
        for name in ("", "closed")
    )
    assert len(closed_ones) > 2
    assert not any(open_ones)
    assert all(closed_ones)


def test_rare_characters_can_be_copied_from_the_page() -> None:
    name = "李䶮𬍛㛃喆堃翀𫖯𬱖"
    pdf = render(f"<p>{name}</p><p><b>{name}</b></p>")
    assert text_lines(pdf) == [name, name]
    assert PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split() == [name, name]


def test_every_font_named_in_a_document_is_embedded() -> None:
    dot = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    vector = (
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E"
        "%3Crect width='5' height='5'/%3E%3C/svg%3E"
    )
    pdf = render(
        f'<h1 id="x">题</h1><p>文<b>粗</b><a href="#x">链</a><img src="{dot}"><img src="{vector}"></p>'
    )
    reader = PdfReader(io.BytesIO(pdf))
    named = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    assert {font["/BaseFont"].split("+")[1] for font in named if "/FontDescriptor" in font} == {
        "NotoSerifSC-Regular",
        "NotoSansSC-Regular",
    }
    assert b"Helvetica" not in pdf
    assert all("/FontFile2" in font["/FontDescriptor"] for font in named)


def _em(character: str) -> float:
    return float(stringWidth(character, face_name("song"), 1))


def _contents(pdf: bytes) -> list[str]:
    return [sheet.get_contents().get_data().decode("latin-1") for sheet in PdfReader(io.BytesIO(pdf)).pages]
