"""Identity documents and credit codes: what is well formed, and what a number says.

GB 11643-1999 (resident ID), GB 32100-2015 (unified social credit code). The region part of an ID number is not
checked: districts that were merged away are still valid on the cards of those born there.
"""

from __future__ import annotations

import datetime as dt
import re

from stdnum.cn import ric

from app.errors import Invalid, Sentence

RESIDENT_ID = "01"
RESIDENCE_PERMIT = "16"  # of people from Hong Kong, Macao and Taiwan: built like a resident ID
RESIDENT_LIKE = frozenset({RESIDENT_ID, RESIDENCE_PERMIT})  # these say sex and birth date
OFFICER = r"[\u4e00-\u9fffA-Z0-9〔〕()（）-]{4,20}"
_DOCUMENTS = {  # dictionary id_doc_type -> what a number looks like, and how to say it (reference: id_rules.yaml)
    "02": (OFFICER, "军官证号为 4 至 20 位汉字、字母或数字，例如 军字第1234567号，请对照证件核对。"),
    "03": (OFFICER, "警官证号为 4 至 20 位汉字、字母或数字，例如 武字第1234567号，请对照证件核对。"),
    "04": (r"H(\d{8}|\d{10})", "通行证号为字母 H 加 8 位或 10 位数字，请对照证件核对。"),
    "05": (r"M(\d{8}|\d{10})", "通行证号为字母 M 加 8 位或 10 位数字，请对照证件核对。"),
    "06": (r"\d{8}", "通行证号为 8 位数字，请对照证件核对。"),
    "07": (r"[A-Z]{3}\d{12}|9\d{16}[0-9X]", "永久居留身份证号为 3 个字母加 12 位数字，或以 9 开头的 18 位号码，请对照证件核对。"),
    "08": (r"[A-Z0-9]{5,15}", "护照号为 5 至 15 位字母或数字，请对照证件核对。"),
}
# Letters of every script with their marks; 阿卜杜拉·热合曼, O'Brien, Jean-Luc, J. R. Smith.
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef·.' -]){1,49}")
_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･．｡。", "·") | dict.fromkeys("’‘＇ʼ", "'") | dict.fromkeys("‐‑–－", "-"))
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


def check_document(kind: str, value: str, today: dt.date) -> str:
    """The normalised number of an identity document of a kind (dictionary id_doc_type); Invalid says what is wrong."""
    if kind in RESIDENT_LIKE:
        number = check_resident_id(value, today)
        if kind == RESIDENCE_PERMIT and number[:2] not in ("81", "82", "83"):
            raise Invalid("港澳台居民居住证号以 81、82 或 83 开头，请核对证件类型和号码。")
        return number
    pattern, sentence = _DOCUMENTS.get(kind, (r".{4,40}", "请对照证件填写 4 至 40 位证件号码。"))
    number = normalize_id_number(value)
    if not re.fullmatch(pattern, number):
        raise Invalid(sentence)
    return number


def indexed_text(kind: str, number: str) -> str:
    """What the blind index is made of: two countries may give passports of one number, no two people share an ID."""
    return number if kind in RESIDENT_LIKE else f"{kind}:{number}"


def check_name(value: str) -> str:
    """A person's name as the document has it: one kind of dot, single blanks. Rare characters and every script hold."""
    name = " ".join(value.translate(_DOTS).split())
    name = re.sub(r" ?· ?", "·", name) if re.search(r"[\u3400-\u9fff]", name) else name
    if not _NAME.fullmatch(name) or name[-1] in "·-'":
        raise Invalid("请填写与证件一致的真实姓名（2 至 50 个字），不含数字和符号；少数民族姓名中的间隔号请用“·”。")
    return name


def check_age(birth: dt.date, today: dt.date) -> None:
    """Invalid for a birth date in the future or of somebody too young to work."""
    if birth > today:
        raise Invalid("出生日期不能晚于今天，请核对。")
    if age_on(birth, today) < WORKING_AGE:
        raise Invalid(Sentence("未满 %(n)s 周岁，不能注册为专业技术人员。如证件号码填写有误，请核对。", n=WORKING_AGE))


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
