"""The certificate's border and ground pattern, drawn as vectors (SVG): own curves, sharp at any size, few bytes."""

from __future__ import annotations

import math
from functools import cache

RED = "#8c1c1c"
GOLD = "#b5904a"
PALE_GOLD = "#e3d2a8"
GROUND = "#f5eedd"
HAIRLINE = "#b9ada0"

Line = tuple[float, float, float, float]

OUTER_MM = 9.0  # page edge → outer rule
BAND_MM = 7.0  # width of the woven band
CORNER_MM = 9.0  # side of the corner squares
PERIOD_MM = 9.0  # of the waves in the band, about
TITLE_RULE_MM = 46.5  # from the top


@cache
def certificate_ground(width: float, height: float, rules: tuple[Line, ...], boxes: tuple[Line, ...]) -> str:
    """The whole page's drawing as SVG; all measures in millimetres.

    `rules` are hairlines (x1, y1, x2, y2) under the fields, `boxes` frames (x, y, width, height) around pictures.
    """
    inner = OUTER_MM + BAND_MM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}">',
        _rosette(width / 2 + 27.5, height / 2 + 4, 58.0),
        _frame(OUTER_MM, width, height, RED, 0.9),
        _frame(OUTER_MM + 1.1, width, height, RED, 0.2),
        *_band(width, height),
        _frame(inner - 0.5, width, height, RED, 0.2),
        _frame(inner + 0.2, width, height, RED, 0.45),
        *_corners(width, height),
        _title_rule(width / 2, TITLE_RULE_MM, 42.0),
        *(
            f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{HAIRLINE}" stroke-width="0.2"/>'
            for x1, y1, x2, y2 in rules
        ),
        *(_rectangle(box, HAIRLINE, 0.2) for box in boxes),
        "</svg>",
    ]
    return "".join(parts)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _rectangle(box: Line, colour: str, stroke: float) -> str:
    x, y, width, height = box
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="none" '
        f'stroke="{colour}" stroke-width="{stroke}"/>'
    )


def _frame(inset: float, width: float, height: float, colour: str, stroke: float) -> str:
    return _rectangle((inset, inset, width - 2 * inset, height - 2 * inset), colour, stroke)


def _path(data: str, colour: str, stroke: float) -> str:
    return f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{stroke}"/>'


def _band(width: float, height: float) -> list[str]:
    """Waves woven along the four sides, between the corner squares."""
    centre = OUTER_MM + 1.1 + (BAND_MM - 1.6) / 2
    start = OUTER_MM + CORNER_MM
    sides = (("x", centre), ("x", height - centre), ("y", centre), ("y", width - centre))
    return [
        _path(
            "".join(
                _wave(
                    along,
                    start,
                    (width if along == "x" else height) - 2 * start,
                    across,
                    eighth * math.pi / 4,
                )
                for eighth in eighths
                for along, across in sides
            ),
            colour,
            0.22,
        )
        for colour, eighths in ((PALE_GOLD, (1, 3)), (GOLD, (0, 2)))
    ]


def _wave(along: str, start: float, length: float, across: float, phase: float) -> str:
    """A sine wave of a whole number of periods as cubic curves, four to a period (Hermite form)."""
    quarters = round(length / PERIOD_MM) * 4
    amplitude = (BAND_MM - 1.6) / 2 * 0.86
    third = length / quarters / 3

    def point(quarter: int, side: int) -> str:
        angle = quarter * math.pi / 2 + phase
        ahead = start + 3 * third * quarter + side * third
        aside = across + amplitude * (math.sin(angle) + side * math.cos(angle) * math.pi / 6)
        return _pair((ahead, aside) if along == "x" else (aside, ahead))

    curves = (f"{point(q, 1)} {point(q + 1, -1)} {point(q + 1, 0)}" for q in range(quarters))
    return f"M{point(0, 0)}C{' '.join(curves)}"


def _pair(point: tuple[float, float]) -> str:
    return f"{_n(point[0])},{_n(point[1])}"


def _corners(width: float, height: float) -> list[str]:
    """A square with a small rosette in each corner."""
    near = OUTER_MM + 0.55
    side = CORNER_MM - 0.55
    parts = []
    for x in (near, width - near - side):
        for y in (near, height - near - side):
            centre = (x + side / 2, y + side / 2)
            parts.append(
                f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(side)}" height="{_n(side)}" fill="#ffffff" '
                f'stroke="{RED}" stroke-width="0.45"/>'
            )
            parts.append(
                _path(
                    "".join(_petals(centre, side * 0.34, 0.24, 8, turn / 3) for turn in range(3)), GOLD, 0.2
                )
            )
            parts.append(f'<circle cx="{_n(centre[0])}" cy="{_n(centre[1])}" r="0.7" fill="{RED}"/>')
    return parts


def _rosette(centre_x: float, centre_y: float, radius: float) -> str:
    """The pale pattern behind the text: rings of petals, each inside the other, every ring drawn twice, turned."""
    rings = (
        _petals((centre_x, centre_y), radius * (1 - ring * 0.085), 0.16, 18, turn / 2)
        for ring in range(9)
        for turn in range(2)
    )
    return _path("".join(rings), GROUND, 0.25)


def _petals(centre: tuple[float, float], radius: float, depth: float, count: int, turn: float) -> str:
    """A closed curve of `count` petals as cubic curves, four to a petal (Hermite form), turned by `turn` petals.

    One command letter for all curves: svglib reads a long run of numbers much faster than many commands.
    """
    total = count * 4
    step = 2 * math.pi / total

    def point(index: int, side: int) -> str:
        angle = index * step
        wave = count * angle + turn * 2 * math.pi
        distance = radius * (1 + depth * math.sin(wave))
        growth = radius * depth * count * math.cos(wave)
        x, y = distance * math.cos(angle), distance * math.sin(angle)
        ahead_x = growth * math.cos(angle) - y
        ahead_y = growth * math.sin(angle) + x
        third = side * step / 3
        return _pair((centre[0] + x + third * ahead_x, centre[1] + y + third * ahead_y))

    curves = (f"{point(i, 1)} {point(i + 1, -1)} {point(i + 1, 0)}" for i in range(total))
    return f"M{point(0, 0)}C{' '.join(curves)}Z"


def _title_rule(centre: float, y: float, half: float) -> str:
    """A fine rule with a small diamond in its middle, under the title."""
    gap, size = 4.0, 1.3
    return "".join(
        [
            *(
                f'<line x1="{_n(centre + side * gap)}" y1="{_n(y)}" x2="{_n(centre + side * half)}" y2="{_n(y)}" '
                f'stroke="{GOLD}" stroke-width="0.3"/>'
                for side in (-1, 1)
            ),
            f'<polygon points="{_n(centre - size)},{_n(y)} {_n(centre)},{_n(y - size)} {_n(centre + size)},{_n(y)} '
            f'{_n(centre)},{_n(y + size)}" fill="{RED}" stroke="none"/>',
        ]
    )
