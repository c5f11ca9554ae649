"""申报一览表 as data: everything an applicant filled in and imported, with names instead of codes.

The same shape is shown while filling, frozen at each submission, and read by the reviewers:

{"schema": 2, "title", "header": [[label, value]], "photo_file_id", "personal": [[label, value]],
 "professional": [[label, value]], "route_form": form or None, "held_titles": [held title], "pages": [page], "sections": [{"id", "name", "groups": [group]}],
 "slots": [{"code", "name", "is_required", "files": [file]}], "pledge": {...} or None, "facts": {...}}
page, group: {"key", "name", "hint", "columns": [label], "items": [item]};
item: {"id", "achievement_id", "summary", "cells": [text], "fields": [[label, value]], "is_qualifying", "files": [file]};
form: {"route", "name", "header": [[label, value]], "fields": [[label, value]]}, 破格审批表 or 转评申报表;
held title (the first is 现任专业技术职务; missing in snapshots of schema 1): {"id", "summary", "cells": [text],
 "fields": [[label, value]], "values": {key of app.rules.held_title: text}, "appointments": [appointment], "files": [file]};
appointment: {"name", "employer", "starts_on", "ends_on", "to_present"}, dates in ISO 8601, `ends_on` empty for 至今;
file: {"file_id", "attachment_id", "slot", "name", "media_type", "size", "sha256"}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from app.rules.checks_items import limits
from app.rules.checks_material import FileRef, HeldTitleFacts, Item, Material, slot_applies
from app.rules.deadlines import ZONE
from app.rules.fields import Field, Names, column_text, columns, display
from app.rules.held_title import FIELDS as TITLE_FIELDS
from app.rules.identity import mask_id_number
from models.application import IMPORT_PAGES

SCHEMA = 2
ID_LABEL = "证件编号"  # the row of the header that a reviewer may be shown whole
Pair = list[str]


def compose(material: Material, names: Names) -> dict[str, Any]:
    """The whole application in the shape above; plain JSON values only."""
    return {
        "schema": SCHEMA,
        "title": material.plan.name,
        "header": header(material),
        "photo_file_id": material.person.photo_id,
        "personal": pairs(material.personal_fields, material.personal, names),
        "professional": pairs(material.professional_fields, material.professional, names),
        "route_form": route_form(material, names),
        "held_titles": [held_title_view(held) for held in material.held_titles],
        "pages": [_page(key, name, material, names) for key, name in IMPORT_PAGES.items()],
        "sections": [
            {
                "id": section.id, "name": section.name,
                "groups": [
                    _group(str(need.id), need.kind, limits(need), material.under(need.id), names)
                    for need in section.requirements
                ],
            }
            for section in material.sections
        ],
        "slots": [
            {
                "code": slot.code, "name": slot.name, "is_required": slot.is_required,
                "files": [_file(file, slot.code) for file in slot.files],
            }
            for slot in material.slots if slot.files or slot_applies(slot, material)
        ],
        "pledge": _pledge(material),
        "facts": facts(material),
    }


def header(material: Material) -> list[Pair]:
    """申报情况: the read-only head of 基本信息 (manual, 申报一览表)."""
    choice, person, unit, plan = material.choice, material.person, material.unit, material.plan
    return [
        ["申报系列", choice.series],
        ["申报职称", f"{choice.specialty}-{choice.title}"],
        ["申报形式", choice.route_name],
        ["申报级别", choice.level],
        ["申报单位", unit.name],
        ["申报人", person.name],
        ["性别", person.sex],
        ["证件类型", person.id_doc_type_name],
        [ID_LABEL, mask_id_number(person.id_number)],
        ["出生日期", person.birth_date.isoformat() if person.birth_date else ""],
        ["单位性质", unit.nature],
        ["联系方式", person.mobile],
        ["是否面试", _interview(material)],
        ["受理评委会", plan.committee],
        ["评审标准", choice.standard],
    ]


def _interview(material: Material) -> str:
    if not material.plan.needs_interview:
        return "不需要"
    return {
        "asked": f"申请免面试：{material.exemption_reason}", "approved": "不需要（已批准免面试）",
        "refused": "需要（免面试申请未批准）",
    }.get(material.exemption_state, "需要")


def facts(material: Material) -> dict[str, Any]:
    """Ids and names that forms and statistics need later, whatever becomes of the dictionaries."""
    choice, plan, person, unit = material.choice, material.plan, material.person, material.unit
    return {
        "application_id": material.application_id, "year": plan.year, "plan_id": plan.id, "plan": plan.name,
        "committee": plan.committee, "convener_id": plan.convener_id, "convener": plan.convener,
        "route": choice.route, "route_name": choice.route_name, "series_id": choice.series_id,
        "series": choice.series, "specialty_id": choice.specialty_id, "specialty": choice.specialty,
        "title_id": choice.title_id, "title": choice.title, "level": choice.level,
        "standard_id": choice.standard_id, "standard": choice.standard, "person_id": person.id,
        "person": person.name, "sex": person.sex, "employer_id": unit.id, "employer": unit.name,
        "exemption": material.exemption_state,
    }


def may_ask_exemption(snapshot: Mapping[str, Any]) -> bool:
    """Whether a submission came with a request for 免面试, answered or not; snapshots from before say nothing."""
    return bool(snapshot["facts"].get("exemption") != "none")


def pairs(fields: Sequence[Field], values: Mapping[str, Any], names: Names) -> list[Pair]:
    """Every field with its value as people read it; empty text for nothing."""
    return [
        [field.label, display(field, values.get(field.key), names)] for field in fields if field.type != "files"
    ]


def item_view(item: Item, names: Names) -> dict[str, Any]:
    """One imported achievement with its list cells, all its fields and its files."""
    return {
        "id": item.id, "achievement_id": item.achievement_id, "summary": item.summary,
        "cells": [column_text(column, item.data, names) for column in columns(item.fields, item.list_columns)],
        "fields": pairs(item.fields, item.data, names), "is_qualifying": item.is_qualifying,
        "files": [_file(file, item_slot(item)) for file in item.files],
    }


def held_title_values(held: HeldTitleFacts) -> dict[str, str]:
    """A held title as people read it, by the keys of app.rules.held_title."""
    return {
        "acquisition": held.acquisition, "employer": held.employer, "certificate_number": held.certificate_number,
        "series": held.series, "specialty": held.specialty, "title": held.title, "level": held.level,
        "committee": held.committee, "reviewed_on": held.reviewed_on.isoformat(), "issuer": held.issuer,
        "issued_on": held.issued_on.isoformat(), "from_elsewhere": "是" if held.from_elsewhere else "否",
    }


TITLE_COLUMNS = ("certificate_number", "employer", "series", "specialty", "title", "acquisition")


def held_title_view(held: HeldTitleFacts) -> dict[str, Any]:
    """A line of 现有职称情况 with everything that belongs to it."""
    values = held_title_values(held)
    return {
        "id": held.id, "summary": f"{held.title}（{held.level}）", "cells": [values[key] for key in TITLE_COLUMNS],
        "fields": [[field.label, values[field.key]] for field in TITLE_FIELDS], "values": values,
        "appointments": [
            {
                "name": row.name, "employer": row.employer, "starts_on": row.starts_on.isoformat(),
                "ends_on": row.ends_on.isoformat() if row.ends_on else "", "to_present": row.to_present,
            }
            for row in held.appointments
        ],
        "files": [_file(file, f"held-{held.id}") for file in held.files],
    }


def route_header(material: Material) -> list[Pair]:
    """What 破格审批表 and 转评申报表 say by themselves: the person, the present title, what is applied for."""
    person, choice = material.person, material.choice
    first = material.held_titles[0] if material.held_titles else None
    learned = next((item for item in material.on_page("education") if item.is_qualifying), None)
    appointed = first.appointments[0].starts_on.isoformat() if first and first.appointments else ""
    return [
        ["姓名", person.name], ["性别", person.sex],
        ["出生年月", person.birth_date.strftime("%Y-%m") if person.birth_date else ""], ["单位", material.unit.name],
        ["合格学历", learned.summary if learned else ""],
        ["现职称", f"{first.title}（{first.series}，{first.specialty}，{first.level}）" if first else ""],
        ["取得时间", first.reviewed_on.isoformat() if first else ""], ["聘任时间", appointed],
        ["申报系列专业", f"{choice.series}-{choice.specialty}"], ["申报资格", f"{choice.title}（{choice.level}）"],
    ]


def route_form(material: Material, names: Names) -> dict[str, Any] | None:
    """破格审批表 or 转评申报表, None when the route has none."""
    if not material.route_fields:
        return None
    return {
        "route": material.choice.route, "name": material.route_form, "header": route_header(material),
        "fields": pairs(material.route_fields, material.route_values, names),
    }


def column_labels(items: Sequence[Item]) -> list[str]:
    """The heads of a list of items: those of the newest version among them."""
    return [column.label for column in columns(items[-1].fields, items[-1].list_columns)] if items else []


def item_slot(item: Item) -> str:
    """The slot under which a submission keeps the files of an imported item."""
    return f"item-{item.id}"


def hours(items: Sequence[Item]) -> dict[str, str]:
    """继续教育: the sum of hours by course type, 专业课 and 公需课 always named."""
    sums = {"专业课": Decimal(0), "公需课": Decimal(0)}
    for item in items:
        course = str(item.data.get("course_type") or "其他")
        try:
            sums[course] = sums.get(course, Decimal(0)) + Decimal(str(item.data.get("hours")))
        except InvalidOperation:
            continue
    return {course: f"{total.normalize():f}" for course, total in sums.items()}


def files_of(snapshot: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every file of a snapshot, those of items included."""
    for slot in snapshot["slots"]:
        yield from slot["files"]
    for held in snapshot.get("held_titles", ()):
        yield from held["files"]
    groups = [*snapshot["pages"], *(group for section in snapshot["sections"] for group in section["groups"])]
    for group in groups:
        for item in group["items"]:
            yield from item["files"]


def digest(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a snapshot."""
    text = json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _page(key: str, name: str, material: Material, names: Names) -> dict[str, Any]:
    items = material.on_page(key)
    hint = ""
    if key == "continuing_education":
        hint = "　".join(f"{kind}：{total} 学时" for kind, total in hours(items).items())
    return _group(key, name, hint, items, names)


def _group(key: str, name: str, hint: str, items: Sequence[Item], names: Names) -> dict[str, Any]:
    return {
        "key": key, "name": name, "hint": hint, "columns": column_labels(items),
        "items": [item_view(item, names) for item in items],
    }


def _file(file: FileRef, slot: str) -> dict[str, Any]:
    return {
        "file_id": file.file_id, "attachment_id": file.attachment_id, "slot": slot, "name": file.name,
        "media_type": file.media_type, "size": file.size, "sha256": file.sha256,
    }


def _pledge(material: Material) -> dict[str, Any] | None:
    accepted = material.pledge.accepted_at
    if accepted is None:
        return None
    return {
        "pledge_id": material.pledge.accepted_id, "number": material.pledge.number, "sha256": material.pledge.sha256,
        "accepted_at": accepted.astimezone(ZONE).isoformat(timespec="seconds"),
    }
