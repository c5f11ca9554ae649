"""Which rules of 开始检测 a plan may set, how they apply when it says nothing, and the numbers they take.

A rule that is not listed here is the same for everybody. A plan's own settings are rows of `plan_check`; a rule reads
its numbers with `material.parameter("F01", "hours")`, and `examine` leaves out what is off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import Invalid

BLOCK, WARN, OFF = "block", "warn", "off"
_ANY = (BLOCK, WARN, OFF)


@dataclass(frozen=True)
class Parameter:
    """A whole number from `low` to `high` that the convener sets; `unit` follows it on the screen.

    With `options` it is one of these (value, name) and is chosen from a list.
    """

    key: str
    label: str
    default: int
    low: int
    high: int
    unit: str = ""
    options: tuple[tuple[int, str], ...] = ()

    def name_of(self, value: int) -> str:
        """The option of a value, empty when it is none of them."""
        return dict(self.options).get(value, "")


@dataclass(frozen=True)
class Configurable:
    """A rule a plan may set: the levels it may have, the usual one, and its parameters."""

    rule: str
    title: str
    usual: str
    note: str = ""
    parameters: tuple[Parameter, ...] = ()
    levels: tuple[str, ...] = _ANY


@dataclass(frozen=True)
class Setting:
    """How one rule applies in one plan; every parameter of the rule has a value."""

    level: str
    parameters: Mapping[str, int] = field(default_factory=dict)


# Ranks of the dictionary of educations with the names a convener chooses from.
EDUCATIONS = (
    (0, "不限"), (35, "高中或中专"), (50, "大学专科"), (60, "大学本科"), (80, "硕士研究生"), (90, "博士研究生"),
)


def _education(key: str, level: str, default: int) -> Parameter:
    return Parameter(key, f"申报{level}至少为", default, 0, 90, options=EDUCATIONS)


_YEARS = Parameter("years", "近几年", 5, 1, 15, "年")
CONFIGURABLE: tuple[Configurable, ...] = (
    Configurable("A06", "未达法定退休年龄", BLOCK, "退休后不再申报职称；已办理延迟退休的按附件项要求上传批件。"),
    Configurable("A11", "申报单位属地在计划的受理区域内", WARN, "受理区域为计划的属地及其下级行政区划。"),
    Configurable("B05", "常规申报逐级申报", BLOCK, "绿色通道等可以直接申报高级的计划，请设为“不检查”。"),
    Configurable("B06", "没有同系列同级或更高的职称", WARN),
    Configurable("B07", "转评人员转入新岗位满规定年限", BLOCK, "从转评申报表的“岗位变动时间”计算到计划年度的 12 月 31 日。", (
        Parameter("years", "转入新岗位满", 1, 0, 15, "年"),
    )),
    Configurable("D01", "已填写现有职称", BLOCK, "允许无职称人员直接申报的计划，请设为“只提示”。"),
    Configurable("D02", "事业单位人员已填写评聘情况", BLOCK),
    Configurable("D04", "任现职年限符合要求", BLOCK, "计算到计划年度的 12 月 31 日。", (
        Parameter("years", "任现职满", 5, 0, 15, "年"),
        Parameter("doctor_years", "博士学位任现职满", 2, 0, 15, "年"),
    )),
    Configurable("D05", "第一条现有职称是最高的", WARN),
    Configurable("E02", "工作经历前后衔接", WARN, "", (Parameter("gap_months", "空档超过", 6, 1, 60, "个月"),)),
    Configurable("E04", "合格学历达到要求", BLOCK, "只检查常规申报；不具备规定学历的走破格申报。", (
        _education("senior", "正高级", 60), _education("associate_senior", "副高级", 60), _education("intermediate", "中级", 50),
        _education("junior", "初级", 35),
    )),
    Configurable("E06", "毕业年龄合理", WARN),
    Configurable("F01", "继续教育学时符合要求", BLOCK, "逐年检查。", (
        _YEARS,
        Parameter("hours", "每年总学时不少于", 90, 0, 500, "学时"),
        Parameter("professional", "其中专业课不少于", 60, 0, 500, "学时"),
        Parameter("public", "其中公需课不少于", 24, 0, 500, "学时"),
    )),
    Configurable("F02", "近年年度考核齐全", BLOCK, "逐年检查。", (_YEARS,)),
    Configurable("G04", "业绩在任现职期间取得", WARN),
    Configurable("G06", "论文著作的刊号、书号、DOI 有效", WARN),
    Configurable("H06", "图片清晰", WARN, "", (Parameter("pixels", "长边不少于", 800, 200, 4000, "像素"),)),
    Configurable("H07", "同一文件没有用在多处", WARN),
)
BY_RULE: Mapping[str, Configurable] = {entry.rule: entry for entry in CONFIGURABLE}


def settings_of(rows: Iterable[tuple[str, str, Mapping[str, Any]]]) -> dict[str, Setting]:
    """Every configurable rule as it applies; `rows`: (rule, level, parameters) that a plan sets itself."""
    own = {rule: (level, parameters) for rule, level, parameters in rows}
    return {entry.rule: _setting(entry, *own.get(entry.rule, (entry.usual, {}))) for entry in CONFIGURABLE}


def _setting(entry: Configurable, level: str, given: Mapping[str, Any]) -> Setting:
    return Setting(level, {p.key: int(given.get(p.key, p.default)) for p in entry.parameters})


USUAL: Mapping[str, Setting] = settings_of(())


def checked(rule: str, level: str, raw: Mapping[str, str]) -> Setting:
    """A setting as a convener typed it; Invalid with a sentence for each field (`F01-level`, `F01-hours`) that is wrong."""
    entry, wrong, values = BY_RULE[rule], {}, {}
    if level not in entry.levels:
        wrong[f"{rule}-level"] = "请选择检查方式。"
    for parameter in entry.parameters:
        text = raw.get(parameter.key, "").strip()
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else -1
        if parameter.options and not parameter.name_of(number):
            wrong[f"{rule}-{parameter.key}"] = f"请从列表中选择“{entry.title}”的“{parameter.label}”。"
        elif not parameter.low <= number <= parameter.high:
            wrong[f"{rule}-{parameter.key}"] = (
                f"“{entry.title}”的“{parameter.label}”须是 {parameter.low} 到 {parameter.high} 的整数。"
            )
        else:
            values[parameter.key] = number
    if wrong:
        raise Invalid("有检查项填写有误，请按提示修改。", wrong)
    return Setting(level, values)
