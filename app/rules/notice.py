"""The text of 通知公告: what staff may write becomes safe HTML."""

from __future__ import annotations

import html
import re

import nh3

_TAGS = {
    "a", "b", "blockquote", "br", "caption", "em", "h3", "h4", "hr", "i", "li", "ol", "p", "strong", "sub", "sup", "table", "tbody",
    "td", "th", "thead", "tr", "u", "ul",
}
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")


def safe_body(text: str) -> str:
    """Sanitised HTML: of HTML, without scripts, styles, pictures and foreign schemes; of plain text, its paragraphs."""
    source = text.strip()
    if not _MARKUP.search(source):
        source = "".join(
            "<p>" + "<br>".join(html.escape(line.strip(), quote=False) for line in part.splitlines()) + "</p>"
            for part in re.split(r"\n\s*\n", source.replace("\r\n", "\n")) if part.strip()
        )
    clean = nh3.clean(
        source, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow",
    ).strip()
    return f"<p>{clean}</p>" if clean and not _MARKUP.search(clean) else clean


def words_of(body: str) -> str:
    """The text without its markup, to tell whether anything is said."""
    return html.unescape(nh3.clean(body, tags=set())).strip()
