"""C 个人信息: what stands on the page 基本信息."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from app.rules import deadlines, identity
from app.rules.checks_material import Material
from app.rules.checks_registry import WARN, Gap, rule
from app.rules.fields import Field, validate

PAGE = "basic"
_MIN_AGE, _USUAL_AGE = 14, 16
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_MOBILE = re.compile(r"1\d{10}")


class _Anything(Set[str]):
    """A dictionary that has every code: saving has compared the codes with the real one."""

    def __contains__(self, code: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_ANYTHING = _Anything()


def wrong(fields: Sequence[Field], values: Mapping[str, Any], material: Material, page: str = PAGE) -> list[Gap]:
    """What a form of data still lacks or holds wrongly, field by field."""
    today = deadlines.today(material.now)
    errors = validate(fields, values, codes=lambda _: _ANYTHING, context=material.context, today=today)[1]
    return [Gap(errors[field.key], page, field.key) for field in fields if field.key in errors]


def wanted(fields: Sequence[Field], values: Mapping[str, Any], material: Material) -> int:
    """How many fields have to be filled in."""
    known = {**material.context, **values}
    return sum(
        1 for field in fields
        if field.is_input and (field.required or (field.required_if is not None and field.required_if.holds(known)))
    )


def whole(value: Any) -> int | None:
    """A number of years as saved (int, or digits), None when there is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def day(value: Any) -> dt.date | None:
    """A date as saved (ISO 8601), None when there is none."""
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return None


@rule(
    "C01", group="个人信息", title="个人信息填写完整",
    points=lambda material: wanted(material.personal_fields, material.personal, material),
)
def check_c01(material: Material) -> list[Gap]:
    """民族、出生地、工作时间、工作年限、专业年限、政治面貌 (whatever the form's data marks as required)."""
    return wrong(material.personal_fields, material.personal, material)


@rule("C02", group="个人信息", title="专业年限不大于工作年限")
def check_c02(material: Material) -> list[Gap]:
    """Saving lowers it by itself; this catches what was saved otherwise."""
    work, profession = whole(material.personal.get("work_years")), whole(material.personal.get("profession_years"))
    if work is not None and profession is not None and profession > work:
        return [Gap(f"专业年限（{profession}）不能大于工作年限（{work}）。", PAGE, "profession_years")]
    return []


@rule("C03", group="个人信息", title="已上传证件照片", points=1)
def check_c03(material: Material) -> list[Gap]:
    """The photo of 个人中心 is printed on the certificate."""
    if material.person.photo_id is None:
        return [Gap("请上传近期免冠正面彩色证件照，照片将显示在电子职称证书上。", "photo")]
    return []


@rule(
    "C04", group="个人信息", title="专业信息填写完整",
    points=lambda material: wanted(material.professional_fields, material.professional, material),
)
def check_c04(material: Material) -> list[Gap]:
    """The fields of the series; who has nothing to enter writes 无."""
    return wrong(material.professional_fields, material.professional, material)


@rule("C05", group="个人信息", title="工作年限与参加工作时间相符", level=WARN, source="product")
def check_c05(material: Material) -> list[Gap]:
    """Points out a difference of more than a year."""
    start, years = day(material.personal.get("work_start")), whole(material.personal.get("work_years"))
    if start is None or years is None:
        return []
    expected = identity.age_on(start, deadlines.today(material.now))
    if abs(expected - years) <= 1:
        return []
    return [Gap(f"按工作时间推算工作年限约为 {max(expected, 0)} 年，填写的是 {years} 年，请核对。", PAGE, "work_years")]


@rule("C06", group="个人信息", title="工作时间合理", source="product")
def check_c06(material: Material) -> list[Gap]:
    """After the fourteenth birthday and not in the future."""
    start, birth = day(material.personal.get("work_start")), material.person.birth_date
    if start is None:
        return []
    if start > deadlines.today(material.now):
        return [Gap("工作时间不能晚于今天。", PAGE, "work_start")]
    if birth is not None and identity.age_on(birth, start) < _MIN_AGE:
        return [Gap(f"工作时间时未满 {_MIN_AGE} 周岁，请核对。", PAGE, "work_start")]
    return []


@rule("C07", group="个人信息", title="教龄、农村教龄、从教日期合理", source="product")
def check_c07(material: Material) -> list[Gap]:
    """Teachers: 农村教龄 ≤ 教龄 ≤ 工作年限, 从教日期 after the sixteenth birthday."""
    values = material.professional
    work = whole(material.personal.get("work_years"))
    teach, rural = whole(values.get("teach_years")), whole(values.get("rural_teach_years"))
    start, birth = day(values.get("teach_start")), material.person.birth_date
    gaps = []
    if teach is not None and work is not None and teach > work:
        gaps.append(Gap(f"教龄（{teach}）不能大于工作年限（{work}）。", PAGE, "teach_years"))
    if rural is not None and teach is not None and rural > teach:
        gaps.append(Gap(f"农村教龄（{rural}）不能大于教龄（{teach}）。", PAGE, "rural_teach_years"))
    if start is not None and birth is not None and identity.age_on(birth, start) < _USUAL_AGE:
        gaps.append(Gap(f"从教日期时未满 {_USUAL_AGE} 周岁，请核对。", PAGE, "teach_start"))
    return gaps


@rule("C08", group="个人信息", title="非必填项没有填“无”", level=WARN)
def check_c08(material: Material) -> list[Gap]:
    """The manual: who has nothing leaves an optional field empty."""
    pairs = ((material.personal_fields, material.personal), (material.professional_fields, material.professional))
    return [
        Gap(f"{field.label}不是必填项，没有的请留空，不要填“无”。", PAGE, field.key)
        for fields, values in pairs
        for field in fields
        if field.is_input and not field.required and field.required_if is None and values.get(field.key) == "无"
    ]


@rule("C06w", group="个人信息", title="参加工作时已满 16 周岁", level=WARN, source="product")
def check_c06w(material: Material) -> list[Gap]:
    """C06's hint: work before the sixteenth birthday is unusual."""
    start, birth = day(material.personal.get("work_start")), material.person.birth_date
    if start is None or birth is None or not _MIN_AGE <= identity.age_on(birth, start) < _USUAL_AGE:
        return []
    return [Gap(f"参加工作时未满 {_USUAL_AGE} 周岁，请核对工作时间。", PAGE, "work_start")]


@rule("C09", group="个人信息", title="手机号码和电子邮箱格式正确", level=WARN, source="product")
def check_c09(material: Material) -> list[Gap]:
    """Notices of the review go there."""
    gaps = []
    if not _MOBILE.fullmatch(material.person.mobile):
        gaps.append(Gap("个人中心的手机号码格式不对，可能收不到通知，请更正。", "photo"))
    if material.person.email and not _EMAIL.fullmatch(material.person.email):
        gaps.append(Gap("个人中心的电子邮箱格式不对，可能收不到通知，请更正。", "photo"))
    return gaps
