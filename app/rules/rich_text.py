"""正文 with headings, lists, tables and links: what may stand in it. Cleaned when it is saved and again when it is shown."""

from __future__ import annotations

import html
import re

import nh3

from app.errors import Invalid, Sentence

LONGEST = 100_000
_TAGS = {
    "p", "br", "h3", "h4", "strong", "b", "em", "i", "u", "s", "sub", "sup", "ul", "ol", "li", "blockquote", "hr", "a",
    "table", "caption", "thead", "tbody", "tr", "th", "td",
}
_ATTRIBUTES = {"a": {"href", "title"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_DEEPER = {"h1": "h3", "h2": "h3", "h5": "h4", "h6": "h4", "div": "p"}  # pages have their own h1 and h2
_RENAMED = re.compile(r"<(/?)(h1|h2|h5|h6|div)\b[^>]*>", re.I)
_EMPTY = re.compile(r"<p>(?:\s|&nbsp;|<br>)*</p>")


def clean(text: str) -> str:
    """Sanitised HTML. Plain text becomes paragraphs, one a line; whatever is not allowed is left out."""
    text = text.replace("\x00", "").strip()
    if not _TAG.search(text):
        return "".join(f"<p>{html.escape(line.strip())}</p>" for line in text.splitlines() if line.strip())
    renamed = _RENAMED.sub(lambda match: f"<{match[1]}{_DEEPER[match[2].lower()]}>", text)
    cleaned = nh3.clean(
        renamed, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow",
        clean_content_tags={"script", "style", "title", "head"},
    )
    return _EMPTY.sub("", cleaned).strip()


def checked(text: str) -> str:
    """As `clean`, for what somebody wants to save; Invalid when it is too long."""
    if len(text) > LONGEST:
        raise Invalid(Sentence("内容过长（最多 %(n)s 字），请精简，或作为附件发布。", n=LONGEST))
    return clean(text)


def plain(text: str) -> str:
    """The words alone."""
    return re.sub(r"\s+", " ", html.unescape(nh3.clean(text, tags=set()))).strip()
