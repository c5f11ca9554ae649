"""单位性质: what a credit code suggests, and what the dictionary says of it."""

from __future__ import annotations

import pytest

from app.errors import Invalid
from app.refdata.reading import read_dataset
from app.rules.identity import check_uscc, unit_nature_of


@pytest.fixture(scope="module")
def natures():
    """The entries of the dictionary by code: (row, extra)."""
    return {row.code: (row, extra) for row, extra in read_dataset().codes["unit_nature"]}


@pytest.mark.parametrize(("prefix", "name"), [
    ("11", "机关（含参公单位）"), ("12", "事业单位"), ("51", "社会团体"), ("52", "民办非企业单位（社会服务机构）"),
    ("53", "基金会"), ("91", "企业"), ("92", "个体工商户（有雇工）"), ("31", "律师/会计师等事务所"),
    ("N1", "村（居）民委员会及农村集体经济组织"),
])
def test_the_first_two_characters_suggest_an_offered_nature(natures, prefix: str, name: str) -> None:
    code = unit_nature_of(prefix + "340100MB1234567X"[: 16])
    assert code is not None
    row, _extra = natures[code]
    assert (row.name, row.enabled) == (name, True)


@pytest.mark.parametrize("prefix", ["21", "61", "A1", "Y1", ""])
def test_other_codes_suggest_nothing(prefix: str) -> None:
    assert unit_nature_of(prefix + "340100") is None


def test_exactly_the_kinds_of_public_institution_need_a_post_quota(natures) -> None:
    marked = {row.name for row, extra in natures.values() if extra.get("needs_post_quota") == "1"}
    assert marked == {"事业单位", "事业单位（中直）", "全额拨款事业单位", "差额拨款事业单位", "自收自支事业单位"}
    assert all(row.code == "50" or row.parent == "50" for row, extra in natures.values()
               if extra.get("needs_post_quota") == "1")


def test_the_manuals_unit_has_a_valid_code_of_an_enterprise() -> None:
    assert check_uscc(" 9134 0100683643522d ") == "91340100683643522D"
    assert unit_nature_of("91340100683643522D") == "10"


@pytest.mark.parametrize("code", ["91340100683643522E", "91340100683643522", "9134010O683643522D", ""])
def test_a_code_that_does_not_hold_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        check_uscc(code)
