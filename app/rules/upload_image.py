"""Images: decoded under a pixel limit and written anew, so that nothing but the picture is kept.

Re-encoding drops EXIF (place, camera, owner), comments, profiles and whatever was appended behind the picture.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from app.errors import Invalid, Sentence

MAX_PIXELS = 50_000_000  # a phone's 50 megapixels, an A4 page at 600 dpi is 35
MAX_SIDE = 20_000
JPEG_QUALITY = 92
PHOTO_SIZE = (413, 579)  # 2 寸 (35 × 49 mm) at 300 dpi
SMALLEST_CUT = (207, 290)  # half of it, 150 dpi: less is a blur on the certificate
_FORMATS = {"jpg": "JPEG", "png": "PNG"}
CENTERING = 0.4  # of what is cut off above and below: heads are in the upper half
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
_PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
_decoding = threading.BoundedSemaphore(2)  # a decoded picture takes up to 200 MB


def reencode(data: bytes, extension: str) -> bytes:
    """The same picture as a fresh JPEG or PNG, upright. Invalid when it is no picture, damaged or too large."""
    with _decoded(data, extension) as picture:
        return _jpeg(picture) if extension == "jpg" else _png(picture)


@dataclass(frozen=True)
class Cut:
    """What is kept of a photo: `turn` degrees clockwise (0, 90, 180, 270), then a rectangle of the turned picture.

    `left` and `width` are fractions of its width, `top` of its height; the height follows from the format of 2 寸.
    Without a `width` the largest rectangle in the middle is kept.
    """

    turn: int = 0
    left: float = 0.0
    top: float = 0.0
    width: float | None = None

    def box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) in a turned picture of that many pixels; Invalid when it lies outside."""
        ratio = PHOTO_SIZE[1] / PHOTO_SIZE[0]
        if self.width is None:
            across = min(width, height / ratio)
            down = across * ratio
            left, top = (width - across) / 2, (height - down) * CENTERING
        else:
            across = self.width * width
            down, left, top = across * ratio, self.left * width, self.top * height
            if not (across > 0 and left > -1 and top > -1 and left + across < width + 1 and top + down < height + 1):
                raise _misplaced()  # also when a number is none
        left, top = max(left, 0.0), max(top, 0.0)
        return left, top, min(left + across, float(width)), min(top + down, float(height))


def photo(data: bytes, extension: str, *, fit: bool = True, cut: Cut = Cut()) -> bytes:
    """证件照 as JPEG; `fit` cuts it to 2 寸, 413 × 579 pixels. Invalid when what is left of it is too small."""
    with _decoded(data, extension) as picture:
        if not fit:
            return _jpeg(_on_white(picture))
        if cut.turn and cut.turn not in _TURNS:
            raise _misplaced()
        turned = picture.transpose(_TURNS[cut.turn]) if cut.turn else picture
        left, top, right, bottom = cut.box(*turned.size)
        if right - left < SMALLEST_CUT[0] - 1 or bottom - top < SMALLEST_CUT[1] - 1:
            raise _too_small(turned.size, (right - left, bottom - top), chosen=cut.width is not None)
        corner = math.floor(left), math.floor(top)
        piece = _on_white(turned.crop((*corner, math.ceil(right), math.ceil(bottom))))  # before converting: less memory
        box = (left - corner[0], top - corner[1], right - corner[0], bottom - corner[1])
        return _jpeg(piece.resize(PHOTO_SIZE, Image.Resampling.LANCZOS, box=box))


@contextmanager
def _decoded(data: bytes, extension: str) -> Iterator[Image.Image]:
    with _decoding:
        try:
            source = Image.open(BytesIO(data), formats=[_FORMATS[extension]])
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_many_pixels() from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
            raise _damaged() from error
        with source:
            width, height = source.size
            if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
                raise _too_many_pixels()
            try:
                source.load()
                upright = ImageOps.exif_transpose(source)
            except Exception as error:  # decoders fail in many ways on hostile input; none of them is a picture
                raise _damaged() from error
            upright.info = {key: value for key, value in upright.info.items() if key == "transparency"}
            yield upright


def _jpeg(picture: Image.Image) -> bytes:
    plain = picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")
    out = BytesIO()
    plain.save(out, "JPEG", quality=JPEG_QUALITY, exif=b"", icc_profile=None)
    return out.getvalue()


def _png(picture: Image.Image) -> bytes:
    plain = picture if picture.mode in _PNG_MODES else picture.convert("RGBA")
    out = BytesIO()
    plain.save(out, "PNG", exif=b"", icc_profile=None)
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    """Transparent parts of a photo are white on paper, not black."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return picture.convert("RGB")


def _damaged() -> Invalid:
    return Invalid("图片无法打开，可能没有传完或已损坏，请重新导出或拍照后上传。")


def _too_many_pixels() -> Invalid:
    return Invalid(Sentence(
        "图片的像素太多（最多 %(n)s 万像素，每边不超过 %(side)s），请缩小后重新上传。", n=MAX_PIXELS // 10_000, side=MAX_SIDE
    ))


def _misplaced() -> Invalid:
    return Invalid("裁剪位置有误，请重新选择照片，调整后再提交。")


def _too_small(size: tuple[int, int], kept: tuple[float, float], *, chosen: bool) -> Invalid:
    least, have = _times(SMALLEST_CUT), _times(kept if chosen else size)
    if chosen:
        return Invalid(Sentence(
            "裁剪后只剩 %(have)s 像素，至少需要 %(least)s 像素。请缩小照片多保留一些，或换一张更清晰的照片。", have=have, least=least))
    return Invalid(Sentence("照片太小（%(have)s 像素），裁剪成 2 寸至少需要 %(least)s 像素。请换一张更清晰的照片。", have=have, least=least))


def _times(size: tuple[float, float]) -> str:
    return f"{size[0]:.0f} × {size[1]:.0f}"
