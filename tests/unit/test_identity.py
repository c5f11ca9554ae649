"""Identity numbers: real ones are accepted, each fault is named."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from app.errors import Invalid
from app.rules import identity

TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    "number", ["340102198003073073", "432427198704189607", "432427198809208376", "11010519491231002X"]
)
def test_real_numbers_are_accepted_whatever_their_district(number):
    assert identity.check_resident_id(number, TODAY) == number


@pytest.mark.parametrize("typed", [" 11010519491231002x ", "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002X"])
def test_blanks_case_and_full_width_digits_are_normalised(typed):
    assert identity.check_resident_id(typed, TODAY) == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("340102198003073074", "校验不通过"),
        ("340102198002303074", "出生日期不存在"),
        ("34010219800307307", "18 位"),
        ("340102209003073071", "出生日期不合理"),
        ("A40102198003073073", "18 位"),
    ],
)
def test_each_fault_is_named(number, says):
    with pytest.raises(Invalid, match=says):
        identity.check_resident_id(number, TODAY)


@pytest.mark.parametrize(
    ("number", "sex"), [("340102198003073073", "男"), ("432427198704189607", "女"), ("432427198512282022", "女")]
)
def test_sex_follows_the_seventeenth_digit(number, sex):
    assert identity.sex_of(number) == sex


@given(st.dates(dt.date(1930, 1, 1), TODAY), st.integers(0, 999), st.integers(110000, 659999), st.integers(0, 9))
def test_exactly_one_check_character_is_accepted(birth, serial, region, wrong):
    body = f"{region}{birth:%Y%m%d}{serial:03}"
    right = ric.calc_check_digit(body + "0")
    assert identity.check_resident_id(body + right, TODAY)
    if str(wrong) != right:
        with pytest.raises(Invalid):
            identity.check_resident_id(body + str(wrong), TODAY)


@pytest.mark.parametrize("code", ["91340100683643522D", "91110000600037341L", "91340100 683643522d"])
def test_credit_codes_that_hold(code):
    assert identity.check_uscc(code)


@pytest.mark.parametrize("code", ["91340100683643522E", "A1110000600037341L", "9134010068364352ID", "12345"])
def test_credit_codes_that_do_not(code):
    with pytest.raises(Invalid):
        identity.check_uscc(code)


def test_a_code_that_begins_with_a_letter_is_held_to_its_check_character():
    body = "N2110000600037341"
    accepted = []
    for last in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        try:
            accepted.append(identity.check_uscc(body + last))
        except Invalid:
            continue
    assert len(accepted) == 1


def test_masks_tell_nothing_between_the_ends():
    assert identity.mask_id_number("340102198003073073") == "340***********3073"
    assert identity.mask_name("欧阳娜娜") == "欧***"
    assert identity.mask_name("李明") == "李*"


@pytest.mark.parametrize("number", ["12812345678", "1381234567", "138123456789", "电话"])
def test_mobile_numbers_that_do_not_hold(number):
    with pytest.raises(Invalid):
        identity.check_mobile(number)


def test_age_counts_full_years():
    assert identity.age_on(dt.date(2000, 2, 29), dt.date(2018, 2, 28)) == 17
    assert identity.age_on(dt.date(2000, 2, 29), dt.date(2018, 3, 1)) == 18
