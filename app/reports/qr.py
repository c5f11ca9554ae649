"""QR codes as crisp PNG pictures."""

from __future__ import annotations

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage

QUIET_ZONE_MODULES = 4  # ISO/IEC 18004 §6.3.8
PIXELS_PER_MODULE = 8
SHORTEST_NUMERIC_SEGMENT = 12


def qr_png(payload: str) -> bytes:
    """A black and white PNG of `payload`, error correction M (15 %), with its quiet zone."""
    code = qrcode.QRCode(
        error_correction=ERROR_CORRECT_M,
        box_size=PIXELS_PER_MODULE,
        border=QUIET_ZONE_MODULES,
        image_factory=PilImage,
    )
    # Digits in a segment of their own take less than half the room, so that modules stay large on paper.
    code.add_data(payload, optimize=SHORTEST_NUMERIC_SEGMENT)
    code.make(fit=True)
    picture = io.BytesIO()
    code.make_image().save(picture, "PNG", optimize=True)
    return picture.getvalue()
