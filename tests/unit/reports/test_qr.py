from __future__ import annotations

import io

import pytest
from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode

from app.reports.qr import PIXELS_PER_MODULE, QUIET_ZONE_MODULES, qr_png

PAYLOAD = "https://zc.example.gov.cn/verify/9342026010111000001#" + "Ab-_" * 27


def test_a_decoder_reads_back_the_payload() -> None:
    (found,) = decode(Image.open(io.BytesIO(qr_png(PAYLOAD))), symbols=[ZBarSymbol.QRCODE])
    assert found.data.decode() == PAYLOAD


def test_the_quiet_zone_is_four_modules_wide_and_white() -> None:
    picture = Image.open(io.BytesIO(qr_png(PAYLOAD))).convert("L")
    margin = PIXELS_PER_MODULE * QUIET_ZONE_MODULES
    dark = picture.point(lambda value: 255 - value).getbbox()
    assert dark == (margin, margin, picture.width - margin, picture.height - margin)


def test_modules_stay_large_enough_on_30_mm() -> None:
    picture = Image.open(io.BytesIO(qr_png(PAYLOAD)))
    modules = picture.width / PIXELS_PER_MODULE
    assert 30 / modules >= 0.49  # millimetres


@pytest.mark.parametrize("share", [0.10])
def test_the_code_survives_a_damaged_patch(share: float) -> None:
    picture = Image.open(io.BytesIO(qr_png(PAYLOAD))).convert("L")
    side = int((picture.width * picture.height * share) ** 0.5 * 0.6)
    middle = picture.width // 2
    picture.paste(255, (middle, middle, middle + side, middle + side))
    (found,) = decode(picture, symbols=[ZBarSymbol.QRCODE])
    assert found.data.decode() == PAYLOAD
