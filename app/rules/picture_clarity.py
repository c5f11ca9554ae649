"""How clear a scan or photograph is: its longer side, and how much edges stand out (the variance of a Laplacian)."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageFilter, ImageStat

_MEASURED = 1000  # pixels of the longer side at which sharpness is measured, so that sizes compare
_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


def measure(data: bytes) -> tuple[int, int] | None:
    """(longer side in pixels, sharpness) of a picture that has been checked before; None for what is no picture."""
    try:
        with Image.open(BytesIO(data), formats=["JPEG", "PNG"]) as picture:
            longest = max(picture.size)
            picture.draft("L", (_MEASURED, _MEASURED))
            grey = picture.convert("L")
    except (OSError, SyntaxError, ValueError):
        return None
    grey.thumbnail((_MEASURED, _MEASURED))
    edges = grey.filter(_LAPLACIAN)
    return longest, round(ImageStat.Stat(edges).var[0])
