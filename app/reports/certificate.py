"""The electronic 职称证书: its data, their canonical form, and the page (A4 landscape, one page)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import unicodedata
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from app.reports.certificate_layout import POINTS_PER_MM, Layout, lay_out
from app.reports.errors import CertificateDataError
from app.reports.fonts import DEFAULT_FONT_DIR
from app.reports.pdf import DEFAULT_TIMEOUT_SECONDS, TEMPLATE_DIR, render_pdf, render_template
from app.reports.qr import qr_png

HEADING = "职称证书"
# Centring does not know of the letter-spacing (18 pt in certificate.css): half of the three gaps goes to the left.
TITLE_SHIFT_POINTS = -(len(HEADING) - 1) * 18.0 / 2
TEMPLATE_NAME = "certificate.html"
TEMPLATE_FILES = ("certificate.html", "certificate.css", "base.css")

# Raise when the drawing or the layout in Python changes what is printed.
LAYOUT_VERSION = 1
CANONICAL_VERSION = 1

MAX_PHOTO_PIXELS = 12_000_000
PHOTO_DOTS = (827, 1157)  # 35 × 49 mm at 600 dpi: more is not seen in print

_OPTIONAL = ("approval_no", "committee")


@dataclass(frozen=True, kw_only=True)
class CertificateData:
    """What a certificate states. All texts are shown as given; `id_number` must come masked.

    `photo` is a JPEG or PNG file; `verify_url` is the signed payload of the QR code (app.reports.signing).
    """

    number: str
    name: str
    sex: str
    birth_date: date
    id_document: str
    id_number_masked: str
    organization: str
    series: str
    specialty: str
    title: str
    level: str
    acquired_by: str
    committee: str
    issuer: str
    acquired_on: date
    approval_no: str
    issued_on: date
    photo: bytes
    verify_url: str


LABELS = {
    "number": "证书编号",
    "name": "姓名",
    "sex": "性别",
    "birth_date": "出生年月",
    "id_document": "证件类型",
    "id_number_masked": "证件号码",
    "organization": "工作单位",
    "series": "系列名称",
    "specialty": "专业名称",
    "title": "资格名称",
    "level": "资格级别",
    "acquired_by": "取得方式",
    "committee": "评审委员会",
    "issuer": "发证机关",
    "acquired_on": "取得时间",
    "approval_no": "批准文号",
    "issued_on": "发证日期",
    "photo": "照片",
    "verify_url": "查验网址",
}


def _template_hash() -> str:
    digest = hashlib.sha256(f"layout {LAYOUT_VERSION}\n".encode())
    for name in TEMPLATE_FILES:
        digest.update((TEMPLATE_DIR / name).read_bytes())
    return digest.hexdigest()[:16]


TEMPLATE_HASH = _template_hash()
"""16 hex digits that change with the look of the certificate: the third part of a certificate job's key."""


def canonical_bytes(data: CertificateData) -> bytes:
    """The statement of a certificate as JSON with sorted keys, UTF-8: equal data, equal bytes.

    The photo enters by its SHA-256; `verify_url` is left out, because it contains the signature of this.
    """
    statement: dict[str, str | int] = {"canonical": CANONICAL_VERSION}
    for field in fields(data):
        value = getattr(data, field.name)
        if field.name == "photo":
            statement["photo_sha256"] = hashlib.sha256(value).hexdigest()
        elif isinstance(value, date):
            statement[field.name] = value.isoformat()
        elif field.name != "verify_url":
            statement[field.name] = _clean(value)
    return json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def certificate_digest(data: CertificateData) -> bytes:
    """SHA-256 of the canonical form: what the QR code's signature vouches for."""
    return hashlib.sha256(canonical_bytes(data)).digest()


def render_certificate(
    data: CertificateData,
    *,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    in_process: bool = False,
    font_dir: Path = DEFAULT_FONT_DIR,
) -> bytes:
    """The certificate as a PDF of exactly one page; the same data give the same bytes.

    Raises CertificateDataError when a field is missing, too long to print or the photo unusable.
    """
    html = certificate_html(data)
    return render_pdf(
        html,
        title=f"{HEADING} {_clean(data.number)}",
        created=datetime.combine(data.issued_on, time(), UTC),
        timeout=timeout,
        in_process=in_process,
        font_dir=font_dir,
    )


def certificate_html(data: CertificateData) -> str:
    """The complete HTML document of the certificate, pictures included."""
    _check(data)
    layout = _layout(data)
    return render_template(
        TEMPLATE_NAME,
        {
            "heading": HEADING,
            "title_left": TITLE_SHIFT_POINTS / POINTS_PER_MM,
            "ground": _ground_uri(layout.ground),
            "photo": _data_uri(print_photo(data.photo), "image/jpeg"),
            "photo_box": layout.photo,
            "qr": _data_uri(qr_png(data.verify_url), "image/png"),
            "qr_box": layout.qr,
            "texts": layout.texts,
        },
    )


def _layout(data: CertificateData) -> Layout:
    values = {name: _clean(getattr(data, name)) for name in LABELS if isinstance(getattr(data, name), str)}
    return lay_out(
        rows=[
            [("姓名", values["name"]), ("性别", values["sex"])],
            [
                ("出生年月", f"{data.birth_date.year}年{data.birth_date.month:02d}月"),
                ("证件号码", f"{values['id_number_masked']}（{values['id_document']}）"),
            ],
            [("工作单位", values["organization"])],
            [("系列名称", values["series"]), ("专业名称", values["specialty"])],
            [("资格名称", values["title"]), ("资格级别", values["level"])],
            [("取得方式", values["acquired_by"]), ("取得时间", chinese_date(data.acquired_on))],
            [("批准文号", values["approval_no"] or "—"), ("证书编号", values["number"])],
        ],
        seals=[
            ("评审委员会（盖章）", values["committee"], ""),
            ("发证机关（盖章）", values["issuer"], chinese_date(data.issued_on)),
        ],
        verify_address=values["verify_url"].partition("#")[0],
    )


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month:02d}月{day.day:02d}日"


def _check(data: CertificateData) -> None:
    if not data.photo:
        raise CertificateDataError("未上传个人证件照片，不能生成职称证书，请先上传照片。")
    empty = [
        LABELS[field.name]
        for field in fields(data)
        if isinstance(value := getattr(data, field.name), str)
        and not _clean(value)
        and field.name not in _OPTIONAL
    ]
    if empty:
        raise CertificateDataError(f"证书信息不完整，缺少：{'、'.join(empty)}，请补充后再生成证书。")


def _clean(text: str) -> str:
    """One line of text without characters that are not seen (controls, direction marks, zero-width)."""
    visible = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN
    )
    return " ".join(visible.split())


_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


@cache
def _ratio() -> float:
    return PHOTO_DOTS[0] / PHOTO_DOTS[1]


def print_photo(photo: bytes) -> bytes:
    """The photo as a plain RGB JPEG cut to 2-inch proportions: no metadata, no transparency, no needless dots."""
    try:
        with Image.open(io.BytesIO(photo), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MAX_PHOTO_PIXELS:
                raise CertificateDataError("照片尺寸过大，请上传 1200 万像素以内的证件照片。")
            if picture.format == "JPEG":
                picture.draft("RGB", PHOTO_DOTS)
            rgba = ImageOps.exif_transpose(picture).convert("RGBA")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise CertificateDataError("照片无法识别，请重新上传 JPG 或 PNG 格式的证件照片。") from error
    paper = Image.new("RGBA", rgba.size, "white")
    paper.alpha_composite(rgba)
    width = min(rgba.width, round(rgba.height * _ratio()))
    height = min(rgba.height, round(rgba.width / _ratio()))
    left, top = (rgba.width - width) // 2, (rgba.height - height) // 2
    cut = paper.crop((left, top, left + width, top + height)).convert("RGB")
    cut.thumbnail(PHOTO_DOTS, Image.Resampling.LANCZOS)
    output = io.BytesIO()
    cut.save(output, "JPEG", quality=90, optimize=True)
    return output.getvalue()


@lru_cache(maxsize=4)
def _ground_uri(drawing: str) -> str:
    """Packed: the parser of HTML looks at each of its characters several times."""
    return _data_uri(gzip.compress(drawing.encode(), mtime=0), "image/svg+xml")


def _data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
