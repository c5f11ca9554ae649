"""What a unit's recommendation lacks before 通过. A pure function: what is there in, sentences out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from app.rules.workdays import Exceptions, working_days


@dataclass(frozen=True)
class Standing:
    """What there is. `files`: number of files by slot; `needs_quota`: the unit is a 事业单位; `recommended`: 占用/不占用 said."""

    text: str
    files: Mapping[str, int]
    publicity_from: dt.date | None
    publicity_to: dt.date | None
    needs_quota: bool
    recommended: bool


def gaps(standing: Standing, *, least: int, today: dt.date, exceptions: Exceptions) -> dict[str, str]:
    """{what: sentence} of everything missing; empty when the unit may approve. `least`: working days of publicity."""
    found: dict[str, str] = {}
    if not standing.text.strip() and not standing.files.get("opinion"):
        found["text"] = "请填写或上传单位推荐意见。"
    sentence = publicity_gap(standing.publicity_from, standing.publicity_to, least=least, today=today, exceptions=exceptions)
    if sentence:
        found["publicity_to"] = sentence
    if not standing.files.get("publicity"):
        found["publicity"] = "请上传单位公示证明和材料。"
    if standing.needs_quota and not standing.recommended:
        found["occupies"] = "请选择是否占用职数，并点击“推荐”。"
    return found


def publicity_gap(
    first: dt.date | None, last: dt.date | None, *, least: int, today: dt.date, exceptions: Exceptions
) -> str:
    """What is wrong with the time of publicity; empty when it holds."""
    if first is None or last is None:
        return "请填写公示起止日期。"
    if last < first:
        return "公示结束日期不能早于开始日期。"
    if last > today:
        return "公示尚未结束，请在公示期满后再审核通过。"
    found = working_days(first, last, exceptions)
    if found < least:
        return f"公示期应不少于 {least} 个工作日，现为 {found} 个工作日。"
    return ""
