"""The units of the demo as data: authorities of the province, what every city has, and who is competent for what."""

from __future__ import annotations

from dataclasses import dataclass

from app.demo import accounts as a

STATE_ORGAN, INSTITUTION, STATE_COMPANY, PRIVATE_COMPANY, AGENCY_NATURE = "30", "50", "11", "13", "96"
PROVINCE, HEFEI = "340000", "340100"
NO_SERIES: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """One unit. `series`: the series (codes) it is competent department for in its region.

    `prefix`: the first two digits of its 统一社会信用代码; empty for a 内置单位, which has none.
    """

    name: str
    region_code: str
    nature_code: str
    kinds: tuple[str, ...]
    series: tuple[str, ...] = NO_SERIES
    prefix: str = "11"


# The department of the province for each of the 27 series: every route finds one there at last.
_PROVINCIAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    (a.CONVENER, ("01", "20", "21", "22")),
    ("安徽省社会科学院", ("02",)),
    ("安徽省科学技术厅", ("03",)),
    ("安徽省卫生健康委员会", ("04",)),
    (a.CONSTRUCTION_CONVENER, ("05",)),
    ("安徽省农业农村厅", ("06",)),
    ("安徽省新闻出版局", ("07", "08")),
    ("安徽省文化和旅游厅", ("09", "23")),
    ("安徽省文物局", ("10",)),
    ("安徽省档案局", ("11",)),
    ("安徽省工业和信息化厅", ("12",)),
    ("安徽省技工教育管理中心", ("13",)),
    ("安徽省体育局", ("14",)),
    ("安徽省外事办公室", ("15",)),
    ("安徽省广播电视局", ("16",)),
    ("安徽省财政厅", ("17",)),
    ("安徽省统计局", ("18",)),
    ("安徽省发展和改革委员会", ("19",)),
    ("安徽省司法厅", ("24",)),
    ("安徽省交通运输厅", ("25", "26")),
    ("安徽省审计厅", ("27",)),
)

# What every city has besides its HR bureau and agency: bureau name after the city's, series it is competent for.
_CITY_BUREAUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("教育局", ("21", "22")),
    ("卫生健康委员会", ("04",)),
    ("城乡建设局", ("05",)),
    ("农业农村局", ("06",)),
    ("财政局", ("17",)),
)

_SCHOOL_WORDS = (
    "滨河", "翠微", "明德", "育才", "文昌", "望江", "清溪", "锦绣", "朝阳", "博雅", "弘毅", "致远", "求真", "尚德", "春晖", "启航",
)


def department_of(series: str) -> str:
    """The department of the province that is competent for a series."""
    return next(name for name, codes in _PROVINCIAL if series in codes)


def provincial_units() -> list[Unit]:
    """The authorities of the province, and three universities that review by themselves."""
    units = [Unit(a.ISSUER, PROVINCE, STATE_ORGAN, ("issuer", "hr_department"))]
    units += [
        Unit(name, PROVINCE, STATE_ORGAN, ("convener", "competent_department"), series) for name, series in _PROVINCIAL
    ]
    return units + [Unit(name, PROVINCE, INSTITUTION, ("employer", "convener"), prefix="12") for name in UNIVERSITIES]


UNIVERSITIES = ("安徽江淮学院", "皖江科技大学", "安徽新安职业技术学院")


def city_units(code: str, city: str, counties: tuple[str, ...], index: int) -> list[Unit]:
    """The authorities and employers of one city; `counties`: region codes for units that sit below the city."""
    word, other = _SCHOOL_WORDS[index % 16], _SCHOOL_WORDS[(index + 5) % 16]
    county = counties[index % len(counties)]
    units = [
        Unit(f"{city}人力资源和社会保障局", code, STATE_ORGAN, ("hr_department", "issuer")),
        Unit(f"{city}公共就业人才服务管理中心", code, AGENCY_NATURE, ("agency", "employer"), prefix="12"),
    ]
    units += [
        Unit(f"{city}{bureau}", code, STATE_ORGAN, ("competent_department", "convener"), series)
        for bureau, series in _CITY_BUREAUS
    ]
    units += [
        Unit(f"{city}{word}高级中学", code, INSTITUTION, ("employer",), prefix="12"),
        Unit(f"{city}{other}实验小学", county, INSTITUTION, ("employer",), prefix="12"),
        Unit(f"{city}仁和医院", code, INSTITUTION, ("employer",), prefix="12"),
        Unit(f"{city.removesuffix('市')}恒信工程有限公司", county, PRIVATE_COMPANY, ("employer",), prefix="91"),
    ]
    return units


def contract_employers() -> list[Unit]:
    """The employers that the accounts name."""
    return [
        Unit(a.SCHOOL, HEFEI, INSTITUTION, ("employer",), prefix="12"),
        Unit(a.COMPANY, HEFEI, STATE_COMPANY, ("employer",), prefix="91"),
        Unit(a.BUILT_IN, HEFEI, INSTITUTION, ("employer",), prefix=""),
    ]
