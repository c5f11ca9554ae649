"""Where everything stands on the certificate, in millimetres from the page's upper left corner.

Text is fitted before it is set: one line if possible, then smaller, then several lines, each kept above its rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.reports.errors import CertificateDataError
from app.reports.line_rules import count_lines
from app.reports.ornament import certificate_ground

PAGE_WIDTH, PAGE_HEIGHT = 297.0, 210.0
POINTS_PER_MM = 72 / 25.4

LEFT, RIGHT = 84.0, 268.0
COLUMN_GAP = 8.0
LABEL_WIDTH = 21.0
FIRST_ROW_BOTTOM = 65.0
ROW_HEIGHT = 10.6
RULE_BELOW = 1.0

LABEL_POINTS, LABEL_LEADING = 10.5, 13.0
LEADING = 1.18

# (lines, points) tried in this order for a value
VALUE_FITS = ((1, 13.0), (1, 12.0), (1, 11.0), (1, 10.0), (2, 9.5), (2, 9.0), (2, 8.5), (3, 7.5), (3, 6.8))
SEAL_FITS = ((1, 12.0), (1, 11.0), (2, 11.0), (2, 10.0), (3, 9.0), (3, 8.0))
ADDRESS_FITS = ((1, 7.0), (2, 7.0), (3, 6.5), (3, 5.5))

# Advance widths of the printable ASCII characters of Noto Serif SC in thousandths of an em (from its hmtx table);
# a test compares them with the font, which therefore need not be loaded by whoever asks for a certificate.
ASCII_WIDTHS = tuple(
    int(width)
    for width in [
        "256",
        "308",
        "376",
        "574",
        "550",
        "923",
        "779",
        "196",
        "364",
        "364",
        "478",
        "580",
        "327",
        "346",
        "327",
        "352",
        "557",
        "471",
        "558",
        "557",
        "555",
        "558",
        "558",
        "549",
        "558",
        "562",
        "327",
        "327",
        "580",
        "580",
        "580",
        "432",
        "912",
        "718",
        "670",
        "691",
        "770",
        "652",
        "629",
        "741",
        "853",
        "405",
        "403",
        "731",
        "625",
        "975",
        "796",
        "767",
        "641",
        "767",
        "715",
        "567",
        "659",
        "797",
        "714",
        "1053",
        "700",
        "687",
        "605",
        "344",
        "352",
        "344",
        "580",
        "563",
        "435",
        "557",
        "638",
        "538",
        "629",
        "547",
        "388",
        "566",
        "663",
        "332",
        "311",
        "607",
        "334",
        "974",
        "661",
        "596",
        "638",
        "607",
        "462",
        "473",
        "367",
        "653",
        "548",
        "838",
        "564",
        "552",
        "498",
        "374",
        "316",
        "374",
        "580",
    ]
)


@dataclass(frozen=True)
class Box:
    """A rectangle in millimetres, its origin at the page's upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Text:
    """A text box: upper left corner and width in millimetres, type size and line height in points."""

    content: str
    x: float
    y: float
    width: float
    points: float
    leading: float
    style: str


@dataclass(frozen=True)
class Layout:
    """The whole page: texts, the two pictures and the drawing (SVG) behind them."""

    texts: tuple[Text, ...]
    photo: Box
    qr: Box
    ground: str


PHOTO_BOX = Box(33.0, 58.0, 35.0, 49.0)  # two-inch photo
QR_BOX = Box(35.5, 122.0, 30.0, 30.0)
SEAL_TOP = 143.0
SEAL_BOXES = (Box(LEFT, SEAL_TOP, 88.0, 42.0), Box(RIGHT - 88.0, SEAL_TOP, 88.0, 42.0))


def lay_out(
    *,
    rows: Sequence[Sequence[tuple[str, str]]],
    seals: Sequence[tuple[str, str, str]],
    verify_address: str,
) -> Layout:
    """Place `rows` of one or two (label, value), the `seals` (caption, name, date) and the verification address."""
    texts: list[Text] = []
    rules: list[tuple[float, float, float, float]] = []
    for index, row in enumerate(rows):
        bottom = FIRST_ROW_BOTTOM + index * ROW_HEIGHT
        width = (RIGHT - LEFT - COLUMN_GAP * (len(row) - 1)) / len(row)
        for column, (label, value) in enumerate(row):
            x = LEFT + column * (width + COLUMN_GAP)
            texts += _field(label, value, x, bottom, width)
            rules.append((x + LABEL_WIDTH, bottom + RULE_BELOW, x + width, bottom + RULE_BELOW))
    for box, (caption, name, day) in zip(SEAL_BOXES, seals, strict=True):
        texts += _seal(box, caption, name, day)
    texts += _below_code(verify_address)
    photo_frame = (PHOTO_BOX.x - 0.8, PHOTO_BOX.y - 0.8, PHOTO_BOX.width + 1.6, PHOTO_BOX.height + 1.6)
    ground = certificate_ground(PAGE_WIDTH, PAGE_HEIGHT, tuple(rules), (photo_frame,))
    return Layout(tuple(texts), PHOTO_BOX, QR_BOX, ground)


def fit(text: str, label: str, width: float, candidates: Sequence[tuple[int, float]]) -> tuple[int, float]:
    """The lines and points of the first of `candidates` (most lines, points) in which `text` fits `width` mm."""
    for most_lines, points in candidates:
        lines = count_lines(text, width * POINTS_PER_MM / points, em_width)
        if lines <= most_lines:
            return lines, points
    raise CertificateDataError(f"证书票面放不下“{label}”（{len(text)} 字），请核对后改用规范的简短名称。")


def _field(label: str, value: str, x: float, bottom: float, width: float) -> list[Text]:
    value_width = width - LABEL_WIDTH
    lines, points = fit(value, label, value_width - 1.8, VALUE_FITS)
    leading = points * LEADING
    style = "label two" if len(label) == 2 else "label"
    label_y = bottom - LABEL_LEADING / POINTS_PER_MM
    value_y = bottom - lines * leading / POINTS_PER_MM
    return [
        Text(label, x, label_y, LABEL_WIDTH, LABEL_POINTS, LABEL_LEADING, style),
        Text(value, x + LABEL_WIDTH + 1.5, value_y, value_width - 1.5, points, leading, "value"),
    ]


def _seal(box: Box, caption: str, name: str, day: str) -> list[Text]:
    """The room for a seal; nothing at all without a name, as a title may be gained without a committee."""
    if not name:
        return []
    lines, points = fit(name, caption, box.width - 1.0, SEAL_FITS)
    top = box.y + 20.0 - lines * points * LEADING / POINTS_PER_MM / 2
    texts = [
        Text(caption, box.x, box.y, box.width, 9.0, 12.0, "caption"),
        Text(name, box.x, top, box.width, points, points * LEADING, "centre"),
    ]
    if day:
        texts.append(Text(day, box.x, box.y + 30.0, box.width, 12.0, 14.0, "centre"))
    return texts


def _below_code(address: str) -> list[Text]:
    x, width = PHOTO_BOX.x - 10.0, PHOTO_BOX.width + 20.0
    y = QR_BOX.y + QR_BOX.height + 0.5
    texts = [Text("扫码查验证书真伪", x, y, width, 9.0, 12.0, "caption")]
    y += 6.0
    base, slash, number = address.rpartition("/")
    for part in (base + slash, number):
        lines, points = fit(part, "查验网址", width - 0.3, ADDRESS_FITS)
        texts.append(Text(part, x, y, width, points, points * 1.3, "small"))
        y += lines * points * 1.3 / POINTS_PER_MM
    return texts


def em_width(character: str) -> float:
    """The width of `character` in em: exact for ASCII and Chinese, not less than the truth for nearly all others."""
    code = ord(character) - 32
    return ASCII_WIDTHS[code] / 1000 if 0 <= code < len(ASCII_WIDTHS) else 1.0
