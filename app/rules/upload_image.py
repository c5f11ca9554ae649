"""Images: decoded under a pixel limit and written anew, so that nothing but the picture is kept.

Re-encoding drops EXIF (place, camera, owner), comments, profiles and whatever was appended behind the picture.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from app.errors import Invalid

MAX_PIXELS = 50_000_000  # a phone's 50 megapixels, an A4 page at 600 dpi is 35
MAX_SIDE = 20_000
JPEG_QUALITY = 92
PHOTO_SIZE = (413, 579)  # 2 寸 (35 × 49 mm) at 300 dpi
_FORMATS = {"jpg": "JPEG", "png": "PNG"}
_PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
_decoding = threading.BoundedSemaphore(2)  # a decoded picture takes up to 200 MB


def reencode(data: bytes, extension: str) -> bytes:
    """The same picture as a fresh JPEG or PNG, upright. Invalid when it is no picture, damaged or too large."""
    with _decoded(data, extension) as picture:
        return _jpeg(picture) if extension == "jpg" else _png(picture)


def photo(data: bytes, extension: str, *, fit: bool = True) -> bytes:
    """证件照 as JPEG; `fit` crops it in the middle to 2 寸, 413 × 579 pixels."""
    with _decoded(data, extension) as picture:
        flat = _on_white(picture)
        if fit:
            flat = ImageOps.fit(flat, PHOTO_SIZE, Image.Resampling.LANCZOS, centering=(0.5, 0.4))
        return _jpeg(flat)


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
    return Invalid(f"图片的像素太多（最多 {MAX_PIXELS // 10_000} 万像素，每边不超过 {MAX_SIDE}），请缩小后重新上传。")
