"""异地职称 and 补换证: what must hold before a request is submitted (manual, 个人 五(三), 五(四))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.rules.fields import Codes, Field, validate

MOST_EDUCATION = 2


@dataclass(frozen=True)
class Slot:
    """A slot of attachments, from a setting."""

    code: str
    name: str
    required: bool
    types: tuple[str, ...]
    max_mb: int
    max_count: int


@dataclass(frozen=True)
class RequestFacts:
    """All that the checks look at. `corrections` are those of a reissue, by key of `fields`."""

    kind: str
    fields: tuple[Field, ...]
    education_fields: tuple[Field, ...]
    slots: tuple[Slot, ...]
    data: Mapping[str, Any]
    education: Sequence[Mapping[str, Any]]
    corrections: Mapping[str, Any]
    file_counts: Mapping[str, int]
    has_photo: bool
    is_bound: bool
    certificate_state: str  # of the certificate to be replaced; empty: none is named


@dataclass(frozen=True)
class Finding:
    """One checked condition; `page`: where it can be mended."""

    label: str
    ok: bool
    message: str
    page: str


def parse_slots(rows: object) -> tuple[Slot, ...]:
    """Slots of a setting: [{code, name, required, types, max_mb, max_count}]."""
    found = rows if isinstance(rows, list) else []
    return tuple(
        Slot(str(row["code"]), str(row["name"]), bool(row.get("required")), tuple(row["types"]), int(row["max_mb"]),
             int(row["max_count"]))
        for row in found
    )


def examine(facts: RequestFacts, codes: Codes) -> list[Finding]:
    """Every condition with 符合 or 不符合, in the order of the pages."""
    _, errors = validate(facts.fields, facts.data, codes=codes)
    found = [
        Finding("单位绑定", facts.is_bound, "所在单位审核通过后才能提交，请先在“个人信息”中完成单位绑定。", "unit"),
        Finding("证件照片", facts.has_photo, "请上传近期免冠正面彩色证件照片。", "photo"),
        Finding("基本情况", not errors, "".join(list(errors.values())[:3]), "fill"),
    ]
    if facts.kind == "recognition":
        found += _education(facts.education)
    if facts.kind == "reissue":
        usable = facts.certificate_state in ("", "valid")
        found.append(Finding("原证书状态", usable, "原证书已失效，不能再补换。", "fill"))
    for slot in facts.slots:
        count = facts.file_counts.get(slot.code, 0)
        if slot.required or count:
            found.append(Finding(
                f"附件“{slot.name}”", 0 < count <= slot.max_count, f"请上传“{slot.name}”（最多 {slot.max_count} 个）。", "attachments"
            ))
    return found


def _education(rows: Sequence[Mapping[str, Any]]) -> list[Finding]:
    highest = [row for row in rows if row.get("is_highest") is True]
    first = [row for row in rows if row.get("is_first") is True]
    degrees = [row for row in rows if row.get("has_degree") is True and not row.get("degree")]
    return [
        Finding("教育经历条数", 1 <= len(rows) <= MOST_EDUCATION, "请录入最高学历和第一学历，可以为同一条，最多两条。", "education"),
        Finding("最高学历", len(highest) == 1, "请在教育经历中勾选一个最高学历。", "education"),
        Finding("第一学历", len(first) == 1, "请在教育经历中勾选一个第一学历。", "education"),
        Finding("学位", not degrees, "勾选“是否获得学位”的，请选择学位。", "education"),
    ]


def education_errors(values: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What is wrong with one entry beside the others, by field key."""
    errors: dict[str, str] = {}
    if values.get("has_degree") is True and not values.get("degree"):
        errors["degree"] = "已勾选“是否获得学位”，请选择学位。"
    for key, label in (("is_highest", "最高学历"), ("is_first", "第一学历")):
        if values.get(key) is True and any(row.get(key) is True for row in others):
            errors[key] = f"另一条教育经历已勾选“{label}”，只能有一个{label}。"
    return errors
