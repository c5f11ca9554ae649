"""Names of uploads (security checklist 21, 25): refused or safe, whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import Invalid
from app.rules.upload_name import LONGEST, clean_name, renamed


def test_inner_extensions_are_no_extensions() -> None:
    assert clean_name("扫描件.php.jpg") == "扫描件_php.jpg"
    assert clean_name("v1.2 报告.PDF") == "v1.2 报告.pdf"
    assert clean_name("  a.pdf. ") == "a.pdf"


def test_renaming_keeps_the_extension() -> None:
    assert renamed("IMG_1.jpg", "身份证正面") == "身份证正面.jpg"
    assert renamed("IMG_1.jpg", "身份证正面.JPEG") == "身份证正面.jpg"
    assert renamed("a.pdf", "b.exe") == "b_exe.pdf"
    with pytest.raises(Invalid, match="没有名称"):
        renamed("a.pdf", "  ")
    with pytest.raises(Invalid, match="控制字符"):
        renamed("a.pdf", "b\u202e")


FORBIDDEN = set("/\\\0\r\n\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")


@given(st.text(max_size=140) | st.from_regex(r"[\w. ]{0,20}(\.[a-zA-Z]{1,5}){0,3}", fullmatch=True))
@example("a. .pdf")
@example("..a.b.pdf")
def test_whatever_the_name_it_is_refused_or_safe(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except Invalid:
        return
    assert 0 < len(cleaned) <= LONGEST
    assert not FORBIDDEN & set(cleaned)
    assert cleaned == cleaned.strip()
    assert cleaned.strip(".")
    assert clean_name(cleaned) == cleaned


@given(st.text(max_size=60))
def test_no_new_name_changes_the_extension(new: str) -> None:
    try:
        assert renamed("x.pdf", new).endswith(".pdf")
    except Invalid:
        return
