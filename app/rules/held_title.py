"""现有职称情况 and 现有职称评聘情况: the fields of the manual, and what a filled-in form stores.

The fields are those of the reference (现有职称), so that the form, its sentences and the checks follow one definition.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import Invalid
from app.rules.fields import Codes, parse_fields, validate
from app.rules.upload import UploadPolicy

FIELDS = parse_fields([
    {"key": "acquisition", "label": "职称取得方式", "type": "code", "required": True, "code_table": "acquisition"},
    {"key": "employer", "label": "工作单位", "type": "text", "required": True, "max_len": 100,
     "placeholder": "获得证书时工作单位"},
    {"key": "certificate_number", "label": "证书编号", "type": "text", "max_len": 40},
    {"key": "series", "label": "系列名称", "type": "text", "required": True, "max_len": 40},
    {"key": "specialty", "label": "专业名称", "type": "text", "required": True, "max_len": 40},
    {"key": "title", "label": "资格名称", "type": "text", "required": True, "max_len": 40},
    {"key": "level", "label": "职称级别", "type": "ref", "required": True, "ref": "level"},
    {"key": "committee", "label": "评审机构", "type": "text", "required": True, "max_len": 100},
    {"key": "reviewed_on", "label": "评审日期", "type": "date", "required": True, "not_future": True},
    {"key": "issuer", "label": "发证机构", "type": "text", "required": True, "max_len": 100},
    {"key": "issued_on", "label": "发证日期", "type": "date", "required": True, "gte": "reviewed_on", "not_future": True},
    {"key": "from_elsewhere", "label": "外省取得", "type": "bool",
     "hint": "在外省（市、区）取得的职称，应先办理异地职称确认"},
])
APPOINTMENT_FIELDS = parse_fields([
    {"key": "name", "label": "聘用名称", "type": "text", "required": True, "max_len": 40},
    {"key": "employer", "label": "聘用单位", "type": "text", "required": True, "max_len": 100},
    {"key": "starts_on", "label": "聘用开始日期", "type": "date", "required": True, "not_future": True},
    {"key": "ends_on", "label": "聘用结束日期", "type": "date", "gte": "starts_on",
     "required_if": {"field": "to_present", "equals": False}},
    {"key": "to_present", "label": "至今", "type": "bool", "excludes": "ends_on"},
])
EVIDENCE = UploadPolicy(("png", "pdf", "jpg"), 3, 10)  # 证明材料（专业技术资格证书及聘书）
EVIDENCE_SLOT = "evidence"
MOST_APPOINTMENTS = 20
MOST_TITLES = 20


@dataclass(frozen=True)
class Entered:
    """A filled-in form that holds: values by key as the columns take them, dates as dates."""

    values: Mapping[str, Any]
    appointments: tuple[Mapping[str, Any], ...]


def read(title: Mapping[str, object], appointments: Sequence[Mapping[str, object]], *, codes: Codes) -> Entered:
    """The values of a title and its appointments; Invalid with a sentence for every field that does not hold.

    Appointments in which nothing is filled in are left out. Errors of the n-th one are keyed `a<n>.<field>`.
    """
    values, wrong = validate(FIELDS, title, codes=codes)
    rows: list[Mapping[str, Any]] = []
    for number, raw in enumerate(appointments):
        if is_blank(raw):
            continue
        row, errors = validate(APPOINTMENT_FIELDS, raw, codes=codes)
        wrong |= {f"a{number}.{key}": sentence for key, sentence in errors.items()}
        rows.append(row)
    if len(rows) > MOST_APPOINTMENTS:
        raise Invalid(f"评聘情况最多填写 {MOST_APPOINTMENTS} 条。")
    if wrong:
        raise Invalid("现有职称有信息未填写完整或填写有误，请按提示修改。", wrong)
    return Entered(_columns(values), tuple(_columns(row) for row in rows))


def is_blank(raw: Mapping[str, object]) -> bool:
    """Whether nothing was filled in."""
    return not any(str(value).strip() for value in raw.values() if value not in (None, False))


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: dt.date.fromisoformat(value) if key.endswith("_on") and value is not None else value
        for key, value in values.items()
    }
