"""What makes two achievements the same, however the numbers are typed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import isbn

from app.errors import Invalid
from app.rules.identity_keys import MAX_KEY, SCHEMES, check_duplicate_keys, identity_keys


def keys(scheme: str, *values: Any, kind: str = "paper") -> list[str]:
    fields = [f"f{number}" for number in range(len(values))]
    rule = {"scheme": scheme, "fields": fields}
    return [one.key for one in identity_keys([rule], kind, dict(zip(fields, values, strict=True)))]


@pytest.mark.parametrize(("scheme", "first", "second"), [
    ("doi", ["10.1000/ABC.d"], ["https://doi.org/10.1000/abc.D"]),
    ("doi", ["１０.1000/x"], ["doi: 10.1000/x"]),
    ("isbn", ["978-7-04-052718-6"], ["7040527189"]),
    ("issn_title", ["0317-8471", "高中物理 教学研究"], ["03178471", "《高中物理》教学研究"]),
    ("patent", ["ZL 2019 1 0123456.7"], ["CN201910123456.7"]),
    ("certificate", ["皖教 (2020) 15号"], ["皖教（2020）15号"]),
])
def test_the_same_thing_typed_differently_is_the_same(scheme: str, first: list[str], second: list[str]) -> None:
    assert keys(scheme, *first) == keys(scheme, *second) != []


@pytest.mark.parametrize(("scheme", "first", "second"), [
    ("doi", ["10.1000/a.b"], ["10.1000/ab"]),
    ("issn_title", ["0317-8471", "甲"], ["0317-8471", "乙"]),
    ("patent", ["ZL201910123456.7"], ["ZL201910123457.5"]),
])
def test_what_differs_is_not_the_same(scheme: str, first: list[str], second: list[str]) -> None:
    assert keys(scheme, *first) != keys(scheme, *second)


@pytest.mark.parametrize(("scheme", "values"), [
    ("doi", ["无"]), ("isbn", ["978-7-04-000000-0"]), ("issn_title", ["1234-5678", "甲"]), ("issn_title", ["", "甲"]),
    ("certificate", ["—"]), ("patent", [None]),
])
def test_what_is_no_number_makes_nothing_the_same(scheme: str, values: list[Any]) -> None:
    assert keys(scheme, *values) == []


def test_numbers_of_an_office_count_within_their_kind_only() -> None:
    assert keys("certificate", "2020-01", kind="award") != keys("certificate", "2020-01", kind="education")
    assert keys("doi", "10.1/x", kind="paper") == keys("doi", "10.1/x", kind="review_article")


@given(st.sampled_from(sorted(SCHEMES)), st.lists(st.text(max_size=300), min_size=2, max_size=2))
def test_keys_are_short_and_stable_whatever_is_typed(scheme: str, values: list[str]) -> None:
    found = keys(scheme, *values)
    assert all(len(key) <= MAX_KEY for key in found)
    assert found == keys(scheme, *values)


@given(st.integers(0, 999_999_999))
def test_both_forms_of_an_isbn_are_one(number: int) -> None:
    short = f"{number:09d}"
    short += isbn._calc_isbn10_check_digit(short)
    assert keys("isbn", short) == keys("isbn", isbn.to_isbn13(short)) != []


@pytest.mark.parametrize("rules", [
    "x", [1], [{"scheme": "nothing", "fields": ["a"]}], [{"scheme": "doi", "fields": []}],
    [{"scheme": "doi", "fields": ["gone"]}], [{"scheme": "issn_title", "fields": ["a"]}],
])
def test_rules_that_cannot_be_used_are_refused(rules: Any) -> None:
    with pytest.raises(Invalid):
        check_duplicate_keys(rules, {"a"})
