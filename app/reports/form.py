"""Forms as PDF: a folder of templates/pdf with `form.html`, filled from plain JSON values.

`FORMS` lists every kind of form with its Chinese name. A form's folder, the shared parts and the layout in Python make
its template hash, which is a part of the key under which made files are kept.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from app.reports.certificate import print_photo
from app.reports.fonts import DEFAULT_FONT_DIR, FACES
from app.reports.pdf import TEMPLATE_DIR, render_pdf, render_template
from app.reports.seal_fields import place_seal_fields

SHARED_FOLDER = "form"
# Raise when the layout in Python changes what is printed.
LAYOUT_VERSION = 3
TIMEOUT_SECONDS = 240.0
# HTML folds several U+3000 into one blank: four no-break spaces of the face are as wide and stay.
WIDE_SPACE = "\xa0" * 4
DRAFT_WORDS = "草稿　未提交"


@dataclass(frozen=True)
class Form:
    """One kind of form: its folder in templates/pdf and what it is called."""

    code: str
    name: str


FORMS = {
    form.code: form
    for form in (
        Form("review_form", "专业技术资格评审表"),
        Form("exceptional_form", "破格审批表"),
        Form("transfer_form", "转评申报表"),
        Form("publicity_proof", "单位公示证明"),
        Form("pledge", "诚信承诺书"),
        Form("recognition_form", "专业技术资格确认审核表"),
        Form("reissue_form", "证书补（换）发申请表"),
        Form("reissue_pledge", "证书补（换）发承诺书"),
    )
}


@cache
def template_hash(code: str) -> str:
    """16 hex digits that change with the look of a form."""
    digest = hashlib.sha256(f"form {LAYOUT_VERSION}\n".encode())
    for folder in (SHARED_FOLDER, code):
        for path in sorted((TEMPLATE_DIR / folder).iterdir()):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def context_key(code: str, context: Mapping[str, Any], *, draft: bool) -> str:
    """Names one content in one look: equal keys, equal pages."""
    text = json.dumps(context, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:32]}:{template_hash(code)}{':draft' if draft else ''}"


def render_form(
    code: str, context: Mapping[str, Any], *, title: str, photo: bytes = b"", draft: bool = False, across: str = DRAFT_WORDS,
    created: datetime | None = None, timeout: float = TIMEOUT_SECONDS, in_process: bool = False,
    font_dir: Path = DEFAULT_FONT_DIR,
) -> bytes:
    """A form as PDF; its boxes and places of seals are empty signature fields. `draft`: every page carries the words `across`.

    Raises CertificateDataError for an unusable photo, RenderError when the text cannot be set.
    """
    html = render_template(f"{code}/form.html", {
        **context, "photo": _data_uri(print_photo(photo), "image/jpeg") if photo else "",
        "watermark": _data_uri(watermark(across, font_dir), "image/png") if draft else "",
    })
    pdf = render_pdf(
        html.replace("\u3000", WIDE_SPACE), title=title, created=created or datetime.now(UTC), timeout=timeout, in_process=in_process,
        font_dir=font_dir, lenient=True,
    )
    return place_seal_fields(pdf)


@cache
def watermark(words: str, font_dir: Path = DEFAULT_FONT_DIR) -> bytes:
    """Grey words across an A4 page, as PNG of 8 bits."""
    size = (794, 1123)  # A4 at 96 dpi
    page = Image.new("L", size, 255)
    font = ImageFont.truetype(str(font_dir / FACES["hei"].file_name), 84)
    strip = Image.new("L", (1200, 140), 255)
    draw = ImageDraw.Draw(strip)
    draw.text((600, 70), words, font=font, fill=224, anchor="mm")
    turned = strip.rotate(52, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    page.paste(turned, ((size[0] - turned.width) // 2, (size[1] - turned.height) // 2))
    output = io.BytesIO()
    page.save(output, "PNG", optimize=True)
    return output.getvalue()


def _data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
