"""Drawings (SVG) of a document: what is kept from one to the next changes no byte."""

from __future__ import annotations

import base64
import gzip
import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from app.reports import drawings
from app.reports.errors import RenderError
from app.reports.fonts import DEFAULT_FONT_DIR
from app.reports.rendering import render_document
from tests.unit.reports.reading import page, page_texts, text_lines

CREATED = datetime(2026, 11, 20, tzinfo=UTC)
WAVE = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><path d="M1,1C9,30 20,2 80,20" fill="none" stroke="#b5904a"/></svg>'
LETTERS = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text x="5" y="20">{}</text></svg>'


def uri(svg: str, *, packed: bool = False) -> str:
    data = gzip.compress(svg.encode(), mtime=0) if packed else svg.encode()
    return f"data:image/svg+xml;base64,{base64.b64encode(data).decode()}"


def render(body: str) -> bytes:
    return render_document(page(body), title="图", created=CREATED, font_dir=DEFAULT_FONT_DIR)


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    drawings._parsed.cache_clear()


def test_a_drawing_of_lines_is_the_same_in_the_first_and_the_next_document() -> None:
    body = f'<p><img src="{uri(WAVE)}" width="60"></p>'
    first = render(body)
    assert render(body) == first
    assert drawings._parsed.cache_info().misses == 1


def test_a_drawing_is_drawn_where_and_as_large_as_each_document_wants() -> None:
    bodies = [f'<p style="margin-left:{left}pt">图<img src="{uri(WAVE)}" width="{width}"></p>' for left in (0, 40) for width in (30, 60, 90)]
    again = [render(body) for body in bodies]
    for body, kept in zip(bodies, again, strict=True):
        drawings._parsed.cache_clear()
        assert render(body) == kept
    assert len(set(again)) == len(bodies)


def test_a_drawing_stands_in_a_document_once_however_often_it_is_drawn() -> None:
    picture = f'<p><img src="{uri(WAVE)}" width="60"></p>'
    reader = PdfReader(io.BytesIO(render(picture + "<pdf:nextpage/>".join([picture] * 2))))
    first, second = (page["/Resources"]["/XObject"] for page in reader.pages)
    ((name, form),) = first.items()
    assert second[name].indirect_reference == form.indirect_reference
    assert b" c" in form.get_data()
    assert reader.pages[0].get_contents().get_data().count(f"{name} Do".encode()) == 2


def test_letters_of_a_drawing_keep_their_font_in_every_document() -> None:
    body = f'<p>字<img src="{uri(LETTERS.format("ABC"))}" width="90"></p>'
    first = render(body)
    assert render(body) == first
    assert any("ABC" in line for line in text_lines(first))
    other = render(f'<p>另一份文件<img src="{uri(LETTERS.format("ABC"))}" width="90"></p>')
    assert any("ABC" in line for line in text_lines(other))


def test_a_packed_drawing_is_the_same_as_the_drawing() -> None:
    assert render(f'<p><img src="{uri(WAVE, packed=True)}" width="60"></p>') == render(f'<p><img src="{uri(WAVE)}" width="60"></p>')


def test_a_packed_drawing_that_grows_beyond_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawings, "_MOST_OF_A_DRAWING", 60)
    with pytest.raises(RenderError):
        render(f'<p><img src="{uri(WAVE, packed=True)}" width="60"></p>')


@pytest.mark.parametrize("count", [1, 2, 12, 101])
def test_every_page_says_how_many_pages_there_are(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    stock = drawings._stock_build
    monkeypatch.setattr(drawings, "_stock_build", lambda *given: passes.append(1) or stock(*given))
    css = "@page { size: A5; @frame text { left: 10mm; top: 10mm; width: 120mm; height: 180mm } @frame foot { -pdf-frame-content: foot; left: 10mm; top: 195mm; width: 120mm; height: 8mm } }"
    foot = '<div id="foot">第 <pdf:pagenumber/> 页　共 <pdf:pagecount/> 页</div>'
    pdf = render_document(page(foot + "<pdf:nextpage/>".join(f"<p>正文{n}</p>" for n in range(count)), css), title="页码", created=CREATED,
                          font_dir=DEFAULT_FONT_DIR)
    texts = ["".join(text.split()) for text in page_texts(pdf)]
    assert len(texts) == count
    for number, text in enumerate(texts, 1):
        assert f"第{number}页" in text
        assert f"共{count}页" in text
    assert passes == [1], "the document was laid out once"
