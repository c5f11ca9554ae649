"""Invented people: plausible names, ID numbers with a right check digit, unit codes likewise. Never real ones."""

from __future__ import annotations

import datetime as dt
import random

from stdnum.cn import ric, uscc

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
MALE = ("志强", "建华", "文博", "浩然", "俊杰", "国平", "晓东", "海涛", "学军", "家豪", "永康", "立新", "明远", "子轩", "鹏飞", "思源", "振宇", "凯", "磊", "勇")
FEMALE = ("丽华", "雅婷", "晓燕", "思琪", "婷婷", "秀英", "慧敏", "雨欣", "佳怡", "文静", "春梅", "雪莹", "玉兰", "梦洁", "海燕", "若兰", "诗涵", "娟", "敏", "霞")
MALE_SEX, FEMALE_SEX = "男", "女"


class Inventor:
    """Invents people and codes, the same sequence for the same seed; no number twice."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._serial = 0
        self._names: set[str] = set()

    def sex(self) -> str:
        """男 or 女."""
        return self.random.choice((MALE_SEX, FEMALE_SEX))

    def name(self, sex: str) -> str:
        """A name not given before."""
        while True:
            name = self.random.choice(SURNAMES) + self.random.choice(MALE if sex == MALE_SEX else FEMALE)
            if name not in self._names:
                self._names.add(name)
                return name

    def birth_date(self, youngest: int, oldest: int) -> dt.date:
        """A day of a birth year between the two years, both included."""
        start = dt.date(oldest, 1, 1)
        return start + dt.timedelta(days=self.random.randrange((dt.date(youngest, 12, 31) - start).days))

    def mobile(self) -> str:
        """Eleven digits, counted up: never the same twice."""
        self._serial += 1
        return f"1390000{self._serial:04d}"

    def id_number(self, region_code: str, born: dt.date, sex: str) -> str:
        """A resident ID number of that region, day and sex, with its check digit (GB 11643)."""
        self._serial += 1
        order = self._serial * 2 % 998 + (1 if sex == MALE_SEX else 2)  # odd numbers are men's
        body = f"{region_code}{born:%Y%m%d}{order:03d}"
        return body + str(ric.calc_check_digit(body + "0"))

    def credit_code(self, prefix: str, region_code: str) -> str:
        """A unified social credit code (GB 32100) that begins with registrar and kind, such as 91."""
        body = prefix + region_code + "".join(self.random.choice("0123456789") for _ in range(9))
        return body + str(uscc.calc_check_digit(body + "0"))
