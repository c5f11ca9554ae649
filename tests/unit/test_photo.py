"""证件照: what is cut out of an upload, and which uploads are refused with which sentence."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import ExifTags, Image

from app.errors import Invalid
from app.rules import upload_image
from app.rules.upload_image import PHOTO_SIZE, SMALLEST_CUT, Cut, photo

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(size: tuple[int, int] = (1000, 1200), kind: str = "PNG", **options: object) -> bytes:
    """A picture whose quarters are red, green (above), blue and white (below)."""
    picture = Image.new("RGB", size)
    half = (size[0] // 2, size[1] // 2)
    for n, color in enumerate((RED, GREEN, BLUE, WHITE)):
        picture.paste(color, (half[0] * (n % 2), half[1] * (n // 2), half[0] * (n % 2 + 1), half[1] * (n // 2 + 1)))
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def corners(data: bytes) -> list[str]:
    """The colours near the corners of the result: above left, above right, below left, below right."""
    names = {RED: "red", GREEN: "green", BLUE: "blue", WHITE: "white"}
    with Image.open(BytesIO(data)) as picture:
        assert (picture.size, picture.format, picture.mode) == (PHOTO_SIZE, "JPEG", "RGB")
        right, below = PHOTO_SIZE[0] - 20, PHOTO_SIZE[1] - 20
        seen = [picture.getpixel(at) for at in ((20, 20), (right, 20), (20, below), (right, below))]
    return [min(names.items(), key=lambda item: sum(abs(a - b) for a, b in zip(item[0], one, strict=True)))[1]  # type: ignore[arg-type]
            for one in seen]


@pytest.mark.parametrize(("cut", "seen"), [
    (Cut(), ["red", "green", "blue", "white"]),
    (Cut(90), ["blue", "red", "white", "green"]),
    (Cut(180), ["white", "blue", "green", "red"]),
    (Cut(270), ["green", "white", "red", "blue"]),
    (Cut(0, 0.0, 0.0, 0.4), ["red"] * 4),
    (Cut(0, 0.55, 0.0, 0.4), ["green"] * 4),
    (Cut(0, 0.55, 0.52, 0.4), ["white"] * 4),
    (Cut(90, 0.0, 0.0, 0.4), ["blue", "blue", "white", "white"]),
    (Cut(0, 0.3, 0.0, 0.4), ["red", "green", "red", "green"]),
])
def test_the_rectangle_of_the_turned_picture_is_kept(cut: Cut, seen: list[str]) -> None:
    assert corners(photo(quarters(), "png", cut=cut)) == seen


def test_what_the_camera_turned_is_upright_before_it_is_cut() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be shown turned 90 degrees clockwise
    lying = quarters(kind="JPEG", exif=exif, quality=95)
    assert corners(photo(lying, "jpg")) == ["blue", "red", "white", "green"]
    assert corners(photo(lying, "jpg", cut=Cut(270))) == ["red", "green", "blue", "white"]
    with Image.open(BytesIO(photo(lying, "jpg"))) as picture:
        assert not picture.getexif()


def test_transparent_parts_become_white_paper() -> None:
    out = BytesIO()
    Image.new("RGBA", (600, 900), (0, 0, 0, 0)).save(out, "PNG")
    assert corners(photo(out.getvalue(), "png", cut=Cut(90, 0.1, 0.0, 0.4))) == ["white"] * 4


@pytest.mark.parametrize("size", [(120, 160), (206, 900), (900, 280)])
def test_a_tiny_picture_is_refused_with_its_size(size: tuple[int, int]) -> None:
    with pytest.raises(Invalid, match=rf"照片太小（{size[0]} × {size[1]} 像素）.*207 × 290"):
        photo(quarters(size), "png")


def test_the_smallest_picture_that_stays_sharp_is_taken() -> None:
    assert photo(quarters(SMALLEST_CUT), "png")


def test_a_cut_that_leaves_too_little_is_refused() -> None:
    with pytest.raises(Invalid, match="裁剪后只剩 150 × 210 像素.*多保留一些"):
        photo(quarters(), "png", cut=Cut(0, 0.1, 0.1, 0.15))


@pytest.mark.parametrize("cut", [
    Cut(45), Cut(0, -0.1, 0.0, 0.5), Cut(0, 0.6, 0.0, 0.5), Cut(0, 0.0, 0.9, 0.5), Cut(0, 0.0, 0.0, 0.0),
    Cut(0, 0.0, 0.0, -0.5), Cut(0, float("nan"), 0.0, 0.5), Cut(0, 0.0, 0.0, float("inf")), Cut(0, 0.0, 0.0, float("nan")),
])
def test_a_rectangle_outside_the_picture_is_refused(cut: Cut) -> None:
    with pytest.raises(Invalid, match="裁剪位置有误"):
        photo(quarters(), "png", cut=cut)


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_image, "MAX_PIXELS", 1_000_000)
    monkeypatch.setattr(Image.Image, "transpose", lambda *a: pytest.fail("decoded"))
    with pytest.raises(Invalid, match="像素太多"):
        photo(quarters(), "png", cut=Cut(90))
