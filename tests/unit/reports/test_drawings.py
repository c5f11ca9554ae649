"""Drawings (SVG) of a document: what is kept from one to the next changes no byte."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime

import pytest

from app.reports import typesetting
from app.reports.errors import RenderError
from app.reports.fonts import DEFAULT_FONT_DIR
from app.reports.rendering import render_document
from tests.unit.reports.reading import page, text_lines

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
    typesetting._parsed.cache_clear()


def test_a_drawing_of_lines_is_the_same_in_the_first_and_the_next_document() -> None:
    body = f'<p><img src="{uri(WAVE)}" width="60"></p>'
    first = render(body)
    assert render(body) == first
    assert typesetting._parsed.cache_info().misses == 1


def test_a_drawing_is_drawn_where_and_as_large_as_each_document_wants() -> None:
    bodies = [f'<p style="margin-left:{left}pt">图<img src="{uri(WAVE)}" width="{width}"></p>' for left in (0, 40) for width in (30, 60, 90)]
    again = [render(body) for body in bodies]
    for body, kept in zip(bodies, again, strict=True):
        typesetting._parsed.cache_clear()
        assert render(body) == kept
    assert len(set(again)) == len(bodies)


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
    monkeypatch.setattr(typesetting, "_MOST_OF_A_DRAWING", 60)
    with pytest.raises(RenderError):
        render(f'<p><img src="{uri(WAVE, packed=True)}" width="60"></p>')
