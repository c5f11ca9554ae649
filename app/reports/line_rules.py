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


def break_text(text: str, room: float, width: Callable[[str], float]) -> list[str]:
    """The lines of `room` that one paragraph takes when each character has its `width` (same unit)."""
    lines, line, used = [], "", 0.0
    for chunk in _chunks(text):
        needed = sum(map(width, chunk))
        if used + needed <= room:
            line, used = line + chunk, used + needed
            continue
        if line or chunk.isspace():
            lines.append(line + chunk if chunk.isspace() else line)  # a space that falls into the margin
            line, used = "", 0.0
        if chunk.isspace():
            continue
        if needed <= room:
            line, used = chunk, needed
            continue
        for character in chunk:
            if used + width(character) > room:
                lines.append(line)
                line, used = "", 0.0
            line, used = line + character, used + width(character)
    return [*lines, line]


def count_lines(text: str, room: float, width: Callable[[str], float]) -> int:
    """How many lines of `room` the text takes when each character has its `width` (same unit)."""
    return len(break_text(text, room, width))


def _chunks(text: str) -> list[str]:
    """What stays together: words, and characters with the marks bound to them."""
    chunks: list[str] = []
    for match in TOKEN.finditer(text):
        if chunks and binds(chunks[-1][-1], match[0]):
            chunks[-1] += match[0]
        else:
            chunks.append(match[0])
    return chunks
