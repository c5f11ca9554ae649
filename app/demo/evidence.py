"""Pictures of the demo: evidence pages and certificate photos, drawn, so that nothing real is ever shown."""

from __future__ import annotations

import io
from functools import cache

import pylopdf_fonts_zh_cn as fonts
from PIL import Image, ImageDraw, ImageFont

_PAGE = (620, 877)  # A4 at 75 dpi: small, still legible
_INK, _PAPER, _FRAME, _SEAL = "#1f2933", "#fdfcf8", "#a58b4c", "#c0392b"
PHOTO_SIZE = (413, 579)  # 2 寸 at 300 dpi


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts.sans_path()), size)


def _page(title: str, lines: tuple[str, ...], issuer: str) -> Image.Image:
    image = Image.new("RGB", _PAGE, _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((24, 24, _PAGE[0] - 24, _PAGE[1] - 24), outline=_FRAME, width=3)
    draw.text((_PAGE[0] / 2, 120), title[:22], font=_font(26), fill=_INK, anchor="mm")
    parts = [line[start:start + 25] for line in lines for start in range(0, len(line), 25)]
    for number, part in enumerate(parts[:8]):
        draw.text((84, 200 + 40 * number), part, font=_font(18), fill=_INK)
    draw.text((_PAGE[0] - 84, 640), issuer[:24], font=_font(18), fill=_INK, anchor="rm")
    draw.ellipse((400, 500, 520, 620), outline=_SEAL, width=4)
    draw.text((460, 560), "演示", font=_font(26), fill=_SEAL, anchor="mm")
    draw.text((_PAGE[0] / 2, 820), "演示材料，内容均为虚构", font=_font(14), fill="#8895a5", anchor="mm")
    return image


def evidence_pdf(title: str, lines: tuple[str, ...], issuer: str) -> bytes:
    """A one-page PDF that looks like a scanned certificate."""
    out = io.BytesIO()
    _page(title, lines, issuer).save(out, "PDF", resolution=75, quality=60, title=title)
    return out.getvalue()


def evidence_jpeg(title: str, lines: tuple[str, ...], issuer: str) -> bytes:
    """The same as a picture."""
    out = io.BytesIO()
    _page(title, lines, issuer).save(out, "JPEG", quality=70)
    return out.getvalue()


def photo_jpeg(sex: str, coat: str = "#34495e") -> bytes:
    """A certificate photo: a neutral silhouette, 413 × 579 pixels."""
    image = Image.new("RGB", (PHOTO_SIZE[0] * 2, PHOTO_SIZE[1] * 2), "#dbe6f2")  # twice the size: smooth edges
    draw = ImageDraw.Draw(image)
    hair, skin = "#3b3f46", "#eccaab"
    if sex == "女":
        draw.rounded_rectangle((236, 240, 590, 790), 168, fill=hair)
    draw.rounded_rectangle((60, 800, 766, 1400), 260, fill=coat)
    draw.polygon([(300, 806), (413, 1000), (526, 806), (482, 790), (344, 790)], fill="#f4f6f8")
    draw.rounded_rectangle((344, 640, 482, 870), 60, fill="#e3bf9f")
    draw.ellipse((250, 220, 576, 620), fill=hair)
    draw.ellipse((264, 300, 562, 690), fill=skin)
    out = io.BytesIO()
    image.resize(PHOTO_SIZE, Image.Resampling.LANCZOS).save(out, "JPEG", quality=88)
    return out.getvalue()
