"""Names of files as users give them: for the screen and the download, never for a path."""

from __future__ import annotations

import re
import unicodedata

from app.errors import Invalid

LONGEST = 120
_INNER_EXTENSION = re.compile(r"\.(?=[A-Za-z][A-Za-z0-9]{0,4}(?:\.|$))")
_SPELLINGS = {"jpg": ("jpg", "jpeg")}
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (bidi, zero width), lone surrogates, line separators


def clean_name(name: str) -> str:
    """A name fit for display: NFC, no blanks around it, at most 120 characters, one extension at most.

    Refused: control characters (NUL, right-to-left override …), path separators, names of nothing but dots.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if any(unicodedata.category(character) in _INVISIBLE for character in name):
        raise Invalid("文件名里有看不见的控制字符，请在电脑上重新输入一个文件名后再上传。")
    if "/" in name or "\\" in name:
        raise Invalid("文件名里不能有“/”或“\\”，请改名后重新上传。")
    name = name.rstrip(". ")
    stem, extension = split_extension(name)
    stem = _INNER_EXTENSION.sub("_", stem).strip()  # 扫描件.php.jpg is shown as 扫描件_php.jpg
    if not stem.strip(". "):
        raise _nameless()
    name = f"{stem}.{extension}" if extension else stem
    if len(name) > LONGEST:
        raise Invalid(f"文件名太长（最多 {LONGEST} 个字），请缩短后重新上传。")
    return name


def split_extension(name: str) -> tuple[str, str]:
    """(stem, extension in lower case without the dot, "" when there is none that looks like one)."""
    stem, dot, extension = name.rpartition(".")
    if dot and stem.strip(". ") and re.fullmatch(r"[A-Za-z0-9]{1,8}", extension):
        return stem, extension.lower()
    return name, ""


def renamed(old: str, new: str) -> str:
    """The new display name with the old one's extension, whether the user typed it or not."""
    _, extension = split_extension(old)
    new = new.strip()
    stem, typed = split_extension(new)
    if typed in _SPELLINGS.get(extension, (extension,)):
        new = stem
    if not new.strip(". "):
        raise _nameless()
    return clean_name(f"{new}.{extension}" if extension else new)


def _nameless() -> Invalid:
    return Invalid("文件没有名称，请按文件内容命名（如“身份证正面”）后重试。")
