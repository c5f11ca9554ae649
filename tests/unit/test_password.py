"""Passwords: length counts, composition does not; what everybody tries first is refused."""

from __future__ import annotations

import pytest

from app.errors import Invalid
from app.rules.password import check_password


@pytest.mark.parametrize("password", ["Zhicheng@2026", "一句自己记得住的话", "correct horse battery", "x" * 3 + "yz" * 20])
def test_long_enough_is_enough(password: str) -> None:
    assert check_password(password, username="liming") == password


@pytest.mark.parametrize(("password", "says"), [
    ("short12", "至少 8 位"), ("", "至少 8 位"), ("长" * 129, "最多 128 位"), ("12345678", "太常见"), ("PASSWORD", "太常见"),
    ("aaaaaaaa", "太常见"), ("abababab", "太常见"), ("my-liming-2026", "用户名"), ("LiMing2026!", "用户名"),
])
def test_each_refusal_says_what_to_choose_instead(password: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        check_password(password, username="liming")


def test_nobody_without_a_name_is_refused_for_containing_it() -> None:
    assert check_password("anything goes", username="") == "anything goes"
