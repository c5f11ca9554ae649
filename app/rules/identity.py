"""Identity documents and credit codes: what is well formed, and what a number says.

GB 11643-1999 (resident ID), GB 32100-2015 (unified social credit code). The region part of an ID number is not
checked: districts that were merged away are still valid on the cards of those born there.
"""

from __future__ import annotations

import datetime as dt
import re

from stdnum.cn import ric

from app.errors import Invalid

RESIDENT_ID = "01"
_RESIDENT = re.compile(r"[1-9]\d{16}[0-9X]")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0\d{2,3}-)?\d{7,8}(-\d{1,6})?")
_USCC = re.compile(r"[0-9ANY][0-9A-HJ-NPQRTUWXY]{17}")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_OLDEST = dt.date(1900, 1, 1)
WORKING_AGE = 16

_UNIT_NATURES = {  # first two characters of a credit code -> dictionary unit_nature
    "11": "30", "12": "50", "31": "82", "51": "70", "52": "91", "53": "93", "91": "10", "92": "81",
    "N1": "95", "N2": "95", "N3": "95",
}


def normalize_id_number(value: str) -> str:
    """Without blanks, upper case, full-width digits narrowed: as stored and indexed."""
    narrow = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in value)
    return re.sub(r"\s", "", narrow).upper()


def check_resident_id(value: str, today: dt.date) -> str:
    """The normalised number; Invalid with a sentence that says which part does not hold."""
    number = normalize_id_number(value)
    if not _RESIDENT.fullmatch(number):
        raise Invalid("请填写 18 位居民身份证号，前 17 位为数字，最后一位为数字或 X。")
    try:
        birth = birth_date_of(number)
    except ValueError:
        raise Invalid("身份证号中的出生日期不存在，请核对第 7 至 14 位。") from None
    if not _OLDEST <= birth <= today:
        raise Invalid("身份证号中的出生日期不合理，请核对第 7 至 14 位。")
    if ric.calc_check_digit(number) != number[-1]:
        raise Invalid("身份证号校验不通过，请逐位核对，特别是最后一位。")
    return number


def birth_date_of(number: str) -> dt.date:
    """The birth date inside a resident ID number; ValueError for an impossible day."""
    return dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex_of(number: str) -> str:
    """男 or 女, by the 17th digit."""
    return "男" if int(number[16]) % 2 else "女"


def age_on(birth: dt.date, day: dt.date) -> int:
    """Full years of age."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def mask_id_number(number: str) -> str:
    """For lists and public pages: the first three and last four characters."""
    return f"{number[:3]}{'*' * max(0, len(number) - 7)}{number[-4:]}" if len(number) > 8 else "*" * len(number)


def mask_name(name: str) -> str:
    """For public pages: the family name and as many stars as given names."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def check_mobile(value: str) -> str:
    """The normalised mobile number."""
    number = re.sub(r"[\s-]", "", value)
    if not _MOBILE.fullmatch(number):
        raise Invalid("请填写 11 位手机号码，例如 13812345678。")
    return number


def check_landline(value: str) -> str:
    """The landline number, empty when none is given."""
    number = value.strip()
    if number and not _LANDLINE.fullmatch(number):
        raise Invalid("固定电话请按“区号-号码”填写，例如 0551-88888888。")
    return number


def check_uscc(value: str) -> str:
    """The normalised 统一社会信用代码, codes that begin with a letter included."""
    code = re.sub(r"\s", "", value).upper()
    if not _USCC.fullmatch(code):
        raise Invalid("请填写 18 位统一社会信用代码（不含字母 I、O、S、V、Z）。")
    total = sum(_ALPHABET.index(c) * w for c, w in zip(code[:17], _WEIGHTS, strict=True))
    if _ALPHABET[(31 - total % 31) % 31] != code[17]:
        raise Invalid("统一社会信用代码校验不通过，请对照证书逐位核对。")
    return code


def unit_nature_of(uscc: str) -> str | None:
    """The unit nature that a credit code suggests, None when it suggests nothing."""
    return _UNIT_NATURES.get(uscc[:2])
