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
    width, height = PHOTO_SIZE
    image = Image.new("RGB", PHOTO_SIZE, "#dbe6f2")
    draw = ImageDraw.Draw(image)
    hair = "#3b3f46"
    if sex == "女":
        draw.rounded_rectangle((118, 120, 295, 400), 84, fill=hair)
    draw.rounded_rectangle((30, 400, width - 30, height + 120), 130, fill=coat)
    draw.rounded_rectangle((172, 330, 241, 450), 28, fill="#e3bf9f")
    draw.polygon([(150, 405), (206, 500), (263, 405), (241, 400), (172, 400)], fill="#f4f6f8")
    draw.ellipse((132, 130, 281, 345), fill="#eccaab")
    draw.pieslice((126, 112, 287, 300), 180, 360, fill=hair)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()
