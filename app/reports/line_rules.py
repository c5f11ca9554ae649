"""Where a line of Chinese text may break (避头尾): what the typesetter and the layout of forms agree on."""

from __future__ import annotations

import re
from collections.abc import Callable

# GB/T 15834 §5.1: no closing mark begins a line, no opening mark ends one.
NOT_AT_LINE_START = frozenset(
    "!%),.:;?]}¢°·ˇˉ―‖’”…‰′″›℃∶、。〃〉》」』】〕〗〞︶︺︾﹀﹄﹚﹜﹞！＂％＇），．：；？］｀｜｝～￠—·"
)
NOT_AT_LINE_END = frozenset("$([{£¥‘“〈《「『【〔〖〝﹗﹙﹛﹝＄（［｛￡￥")

# A run of Latin letters and digits, a space, or one other character.
TOKEN = re.compile(r"[!-~\u00c0-\u024f]+|\s|.", re.DOTALL)


def binds(last: str, token: str) -> bool:
    """Whether `token` must stay on the line of the character `last` before it."""
    if last.isspace() or token.isspace():
        return False
    return token[0] in NOT_AT_LINE_START or last in NOT_AT_LINE_END or (token[0].isascii() and last.isascii())


def count_lines(text: str, room: float, width: Callable[[str], float]) -> int:
    """How many lines of `room` the text takes when each character has its `width` (same unit)."""
    chunks: list[str] = []
    for match in TOKEN.finditer(text):
        if chunks and binds(chunks[-1][-1], match[0]):
            chunks[-1] += match[0]
        else:
            chunks.append(match[0])
    lines, used = 1, 0.0
    for chunk in chunks:
        needed = sum(map(width, chunk))
        if used + needed <= room:
            used += needed
        elif chunk.isspace():
            lines, used = lines + 1, 0.0
        elif needed <= room:
            lines, used = lines + 1, needed
        else:
            for character in chunk:
                if used + width(character) > room:
                    lines, used = lines + 1, 0.0
                used += width(character)
    return lines
