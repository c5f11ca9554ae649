"""What may stand in the content of a plan, and what is left out whatever way it comes."""

from __future__ import annotations

import pytest

from app.errors import Invalid
from app.rules.rich_text import LONGEST, checked, clean, plain


@pytest.mark.parametrize(("sent", "kept"), [
    ("第一段\n\n 第二段 ", "<p>第一段</p><p>第二段</p>"),
    ("1 < 2 & 3 > 2", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>"),
    ("<h1>通知</h1><h2>一</h2><h6>二</h6>", "<h3>通知</h3><h3>一</h3><h4>二</h4>"),
    ("<div style='color:red'>段</div>", "<p>段</p>"),
    ("<p onclick='x()' class='MsoNormal'>段</p>", "<p>段</p>"),
    ("<script>alert(1)</script><p>段</p><style>p{}</style>", "<p>段</p>"),
    ("<p>段<img src=x onerror=alert(1)></p>", "<p>段</p>"),
    ("<a href='javascript:alert(1)'>点</a>", '<a rel="noopener noreferrer nofollow">点</a>'),
    ("<a href='https://hrss.ah.gov.cn/'>点</a>", '<a href="https://hrss.ah.gov.cn/" rel="noopener noreferrer nofollow">点</a>'),
    ("<table><tr><td colspan='2' onmouseover='x'>格</td></tr></table>", '<table><tbody><tr><td colspan="2">格</td></tr></tbody></table>'),
    ("<iframe src='//evil'></iframe><p>段</p>", "<p>段</p>"),
    ("<p>&nbsp;</p><p><br></p>", ""),
    ("", ""),
])
def test_only_harmless_elements_stay(sent: str, kept: str) -> None:
    assert clean(sent) == kept
    assert clean(kept) == kept  # cleaning again changes nothing


def test_too_long_is_refused_with_a_way_out() -> None:
    with pytest.raises(Invalid, match="作为附件发布"):
        checked("字" * (LONGEST + 1))
    assert checked("字") == "<p>字</p>"


def test_the_words_alone() -> None:
    assert plain("<p>甲 &amp; 乙</p>\n<p> </p>") == "甲 & 乙"
    assert plain("<p><br></p>") == ""
