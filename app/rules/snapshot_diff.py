"""What changed between two submissions of an application, part by part, in words. Pure: two snapshots in, changes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
Snapshot = Mapping[str, Any]
_ORDER = "顺序"


@dataclass(frozen=True)
class Change:
    """One difference: `label` says where; `before` is empty for what was added, `after` for what was removed."""

    kind: str
    label: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Part:
    """The changes of one part of the material; `anchor`: its id in application/_material.html."""

    anchor: str
    name: str
    changes: tuple[Change, ...]


def compare(before: Snapshot, after: Snapshot) -> tuple[Part, ...]:
    """The parts that differ, in the order of the material; empty when nothing does. Knows every schema of snapshots."""
    parts = (Part(anchor, name, tuple(changes)) for anchor, name, changes in _parts(before, after))
    return tuple(part for part in parts if part.changes)


def _parts(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, str, Iterator[Change]]]:
    yield "part-header", "申报情况", _header(before, after)
    yield "part-personal", "个人信息", _pairs(before["personal"], after["personal"])
    yield "part-professional", "专业信息", _pairs(before["professional"], after["professional"])
    old_form, new_form = before.get("route_form") or {}, after.get("route_form") or {}
    yield "part-route-form", new_form.get("name") or old_form.get("name") or "", _pairs(
        old_form.get("fields", ()), new_form.get("fields", ()))
    yield "part-held", "现有职称情况", _rows(
        before.get("held_titles", ()), after.get("held_titles", ()), _same_title, _title_changes)
    yield "part-slots", "申报相关附件", _slots(before["slots"], after["slots"])
    for page, old, new in _matched(before["pages"], after["pages"], "key"):
        yield f"part-{page}", (new or old)["name"], _rows(_items(old), _items(new), _same_item, _item_changes)
    for section, old, new in _matched(before["sections"], after["sections"], "id"):
        yield f"part-section-{section}", (new or old)["name"], _section(old or {}, new or {})


def _header(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    yield from _pairs(before["header"], after["header"])
    if before["photo_file_id"] != after["photo_file_id"]:
        yield Change(CHANGED, "证件照片", "原照片", "新照片")


def _matched(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], key: str
) -> Iterator[tuple[Any, Any, Any]]:
    """(key, old or None, new or None): what is there now first, then what is gone."""
    old, new = {row[key]: row for row in before}, {row[key]: row for row in after}
    for name in [*new, *(name for name in old if name not in new)]:
        yield name, old.get(name), new.get(name)


def _pairs(before: Sequence[Sequence[str]], after: Sequence[Sequence[str]], prefix: str = "") -> Iterator[Change]:
    """Fields by label; repeated labels are compared in their order."""
    old, new = _numbered(before), _numbered(after)
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = old.get(key, ""), new.get(key, "")
        if was != now:
            yield Change(CHANGED if was and now else ADDED if now else REMOVED, prefix + key[0], was, now)


def _numbered(pairs: Sequence[Sequence[str]]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for label, value in pairs:
        number = sum(1 for key in found if key[0] == label)
        found[label, number] = value
    return found


def _items(group: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    return group["items"] if group else ()


def _same_item(row: Mapping[str, Any]) -> Any:
    return row["achievement_id"]


def _same_title(row: Mapping[str, Any]) -> Any:
    return row["id"]


Rows = Sequence[Mapping[str, Any]]


def _rows(
    before: Rows, after: Rows, identity: Callable[[Mapping[str, Any]], Any],
    inside: Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[Change]], prefix: str = "",
) -> Iterator[Change]:
    """Rows that came, went, changed inside, or stand in another order."""
    old, new = {identity(row): row for row in before}, {identity(row): row for row in after}
    for key, row in new.items():
        if key not in old:
            yield Change(ADDED, prefix + row["summary"], "", row["summary"])
        else:
            yield from inside(old[key], row)
    for key, row in old.items():
        if key not in new:
            yield Change(REMOVED, prefix + row["summary"], row["summary"], "")
    was, now = [key for key in old if key in new], [key for key in new if key in old]
    if was != now:
        yield Change(CHANGED, prefix + _ORDER, "、".join(old[k]["summary"] for k in was),
                     "、".join(new[k]["summary"] for k in now))


def _item_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    name = f"{after['summary']} · "
    yield from _pairs(before["fields"], after["fields"], name)
    if before["is_qualifying"] != after["is_qualifying"]:
        yield Change(CHANGED, f"{name}合格学历", _yes(before["is_qualifying"]), _yes(after["is_qualifying"]))
    yield from _files(before["files"], after["files"], name)


def _title_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    name = f"{after['summary']} · "
    yield from _pairs(before["fields"], after["fields"], name)
    was, now = "；".join(map(_appointment, before["appointments"])), "；".join(map(_appointment, after["appointments"]))
    if was != now:
        yield Change(CHANGED if was and now else ADDED if now else REMOVED, f"{name}评聘情况", was, now)
    yield from _files(before["files"], after["files"], name)


def _appointment(row: Mapping[str, Any]) -> str:
    return f"{row['name']}，{row['employer']}，{row['starts_on']} 至{'今' if row['to_present'] else ' ' + row['ends_on']}"


def _yes(value: bool) -> str:
    return "是" if value else "否"


def _section(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for _key, old, new in _matched(before.get("groups", ()), after.get("groups", ()), "key"):
        yield from _rows(_items(old), _items(new), _same_item, _item_changes, f"{(new or old)['name']}：")


def _slots(before: Rows, after: Rows) -> Iterator[Change]:
    for _code, old, new in _matched(before, after, "code"):
        yield from _files(old["files"] if old else (), new["files"] if new else (), f"{(new or old)['name']} · ")


def _files(before: Rows, after: Rows, prefix: str) -> Iterator[Change]:
    """By content: another name of the same content is a renaming, another content is another file."""
    old, new = {file["sha256"]: file["name"] for file in before}, {file["sha256"]: file["name"] for file in after}
    for digest, name in new.items():
        if digest not in old:
            yield Change(ADDED, f"{prefix}附件", "", name)
        elif old[digest] != name:
            yield Change(CHANGED, f"{prefix}附件名称", old[digest], name)
    for digest, name in old.items():
        if digest not in new:
            yield Change(REMOVED, f"{prefix}附件", name, "")
