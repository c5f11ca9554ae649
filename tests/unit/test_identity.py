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


@pytest.mark.parametrize(("kind", "typed", "number"), [
    ("01", "11010519491231002x ", "11010519491231002X"), ("02", "军字第1234567号", "军字第1234567号"),
    ("04", "h12345678", "H12345678"), ("04", "H1234567890", "H1234567890"), ("05", "M12345678", "M12345678"),
    ("06", "12345678", "12345678"), ("07", "usa123456789012", "USA123456789012"), ("07", "91134019900101001X", "91134019900101001X"),
    ("08", "e 1234 5678", "E12345678"), ("08", "Ｅ12345678", "E12345678"), ("99", "某证-7", "某证-7"),
])
def test_numbers_of_other_documents_are_taken_as_they_are(kind: str, typed: str, number: str) -> None:
    assert identity.check_document(kind, typed, dt.date(2026, 1, 1)) == number


@pytest.mark.parametrize(("kind", "typed", "says"), [
    ("01", "340102198003073074", "校验不通过"), ("16", "340102198003073073", "81、82 或 83"), ("02", "军1", "军官证号"),
    ("04", "M12345678", "字母 H"), ("04", "H123456789", "8 位或 10 位"), ("05", "H12345678", "字母 M"), ("06", "1234567", "8 位数字"),
    ("07", "US123456789012", "3 个字母"), ("08", "护照1234", "护照号"), ("08", "E1", "护照号"), ("99", "1", "4 至 40 位"),
])
def test_a_wrong_number_is_told_what_it_should_look_like(kind: str, typed: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        identity.check_document(kind, typed, dt.date(2026, 1, 1))


def test_a_residence_permit_says_sex_and_birth_like_an_id() -> None:
    body = "81000019900101001"
    number = body + str(ric.calc_check_digit(body + "0"))
    assert identity.check_document("16", number, dt.date(2026, 1, 1)) == number
    assert (identity.sex_of(number), identity.birth_date_of(number)) == ("男", dt.date(1990, 1, 1))


@pytest.mark.parametrize(("typed", "name"), [
    ("李明", "李明"), ("㛃喆", "㛃喆"), ("䶮𬍛", "䶮𬍛"), ("𫖯𬱖", "𫖯𬱖"), ("阿卜杜拉·热合曼", "阿卜杜拉·热合曼"), ("阿卜杜拉•热合曼", "阿卜杜拉·热合曼"),
    ("阿卜杜拉 ・ 热合曼", "阿卜杜拉·热合曼"), ("买买提．艾力", "买买提·艾力"), ("  John   Smith ", "John Smith"), ("O’Brien", "O'Brien"),
    ("Jean‑Luc Picard", "Jean-Luc Picard"), ("J. R. Smith", "J. R. Smith"), ("José", "José"), ("Ивaнов", "Ивaнов"), ("김철수", "김철수"),
    ("葛\U000e0101城", "葛\U000e0101城"),
])
def test_names_of_every_script_hold_and_have_one_kind_of_dot(typed: str, name: str) -> None:
    assert identity.check_name(typed) == name


@pytest.mark.parametrize("typed", ["", "李", "李4明", "--", "·李明", "李明·", "李_明", "<b>李明</b>", "李\x00明", "李/明", "a" * 51, "😀李"])
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="真实姓名"):
        identity.check_name(typed)


def test_somebody_too_young_or_not_born_is_refused() -> None:
    today = dt.date(2026, 11, 25)
    identity.check_age(dt.date(2010, 11, 25), today)
    with pytest.raises(Invalid, match="未满 16 周岁"):
        identity.check_age(dt.date(2010, 11, 26), today)
    with pytest.raises(Invalid, match="不能晚于今天"):
        identity.check_age(dt.date(2026, 11, 26), today)
