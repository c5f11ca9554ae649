"""One HTML document to one PDF, in this process. Callers use `app.reports.pdf.render_pdf` instead."""

from __future__ import annotations

import io
import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from reportlab import rl_config
from xhtml2pdf import pisa
from xhtml2pdf.config.resources import RenderLimitError, ResourceAccessPolicy

from app.reports import fonts, typesetting
from app.reports.errors import RenderError, RenderTimeoutError

# No folder and no network: pictures come as data: URIs, style sheets inside the document.
POLICY = ResourceAccessPolicy.server(None, allow_remote=False, max_resources=0)

# In place of the stock sheet, which has rules for three times as many elements.
BASE_CSS = fonts.PROJECT_ROOT / "templates" / "pdf" / "base.css"

# What XML 1.0 and PDF text cannot carry: control characters, surrogates, non-characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

# The content of pictures, in letters that every face has.
_DATA = re.compile(r";base64,[A-Za-z0-9+/=]+")

# xhtml2pdf lets this element overrule the title it is given.
_TITLE_ELEMENT = re.compile(r"<title>.*?</title>", re.DOTALL | re.IGNORECASE)

# 〓 (空铅) stands for a character that cannot be set, as Chinese printers do.
MISSING_MARK = "〓"

_WATCHED_LOGGERS = ("xhtml2pdf", "reportlab", "svglib")

_lock = threading.Lock()


def render_document(html: str, *, title: str, created: datetime, font_dir: Path, lenient: bool = False) -> bytes:
    """Render `html`; the same arguments give the same bytes. `lenient`: see app.reports.pdf.render_pdf.

    Raises RenderError when anything was refused, missing or doubtful: a document with a fault is never handed out.
    """
    with _lock, _fixed_clock(created), _warnings() as complaints:
        fonts.register_fonts(font_dir)
        typesetting.install(base_font=fonts.face_name("song"))
        html = _TITLE_ELEMENT.sub("", _UNPRINTABLE.sub("", html), count=1)
        lacking = fonts.missing_characters(_DATA.sub("", html), font_dir)
        if lacking and lenient:
            html = html.translate({ord(c): MISSING_MARK for c in lacking if c not in title})
            lacking = "".join(c for c in lacking if c in title)
        if lacking:
            named = "、".join(f"{character}（U+{ord(character):04X}）" for character in lacking[:10])
            raise RenderError(
                f"文档字体中没有以下字符，无法排印：{named}。请核对录入的文字，确为生僻字时联系管理员。"
            )
        target = io.BytesIO()
        try:
            result = pisa.CreatePDF(
                html,
                dest=target,
                encoding="utf-8",
                context_meta={"title": title},
                default_css=_base_css(),
                resource_policy=POLICY,
            )
        except RenderLimitError as error:
            raise RenderTimeoutError(
                f"文档过大或过于复杂，未能生成（{error}）。请减少内容后重试。"
            ) from error
        except (MemoryError, SystemError) as error:  # an allocation refused inside a C call comes out as SystemError
            raise RenderTimeoutError("文档过大或过于复杂，未能生成（内存不足）。请减少内容后重试。") from error
        except Exception as error:
            raise RenderError(f"文档排版失败（{type(error).__name__}: {error}）。请联系管理员。") from error
    if result.err or result.warn or complaints:
        listed = "；".join(dict.fromkeys(complaint.splitlines()[0] for complaint in complaints if complaint))
        raise RenderError(f"文档有缺陷，未予生成：{listed or '未知错误'}。请联系管理员。")
    return target.getvalue()


@cache
def _base_css() -> str:
    return BASE_CSS.read_text("utf-8")


@contextmanager
def _fixed_clock(created: datetime) -> Iterator[None]:
    # ReportLab reads the creation date from this variable only; with `invariant` its file ID has no clock in it.
    previous = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(created.astimezone(UTC).timestamp()))
    invariant, rl_config.invariant = rl_config.invariant, 1
    try:
        yield
    finally:
        rl_config.invariant = invariant
        if previous is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = previous


class _Collector(logging.Handler):
    def __init__(self, complaints: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.complaints = complaints

    def emit(self, record: logging.LogRecord) -> None:
        self.complaints.append(record.getMessage())


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What the libraries only log, such as a resource refused by the policy."""
    complaints: list[str] = []
    collector = _Collector(complaints)
    loggers = [logging.getLogger(name) for name in _WATCHED_LOGGERS]
    for logger in loggers:
        logger.addHandler(collector)
    try:
        yield complaints
    finally:
        for logger in loggers:
            logger.removeHandler(collector)
