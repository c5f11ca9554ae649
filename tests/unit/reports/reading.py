"""Small documents and how to read them back."""

from __future__ import annotations

import pypdfium2

BASE_URL = "https://zc.example.gov.cn"

FONT_CSS = "title, body { font-family: song, hei } * { -pdf-word-wrap: CJK }"


def page(body: str, css: str = "") -> str:
    """A small document in our fonts around `body`."""
    return (
        f'<html lang="zh-CN"><head><meta charset="utf-8"><title>测试</title>'
        f"<style>{FONT_CSS} {css}</style></head><body>{body}</body></html>"
    )


def page_texts(pdf: bytes) -> list[str]:
    """The text of every page, as pdfium extracts it."""
    document = pypdfium2.PdfDocument(pdf)
    return [sheet.get_textpage().get_text_range() for sheet in document]


def text_lines(pdf: bytes) -> list[str]:
    """All lines of text in the document."""
    return [line for text in page_texts(pdf) for line in text.splitlines() if line.strip()]
