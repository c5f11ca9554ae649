"""Forms that grow: a base, then one signature an entry, each appended to the bytes before it.

What stands on a stored form is written down as *marks*, one for the base and one an entry: {"key", "size"} and of the
base also {"facts"}, of an entry {"field", "seal_id"}. `size` is the length of the file up to there, so that taking an
approval back is cutting the file where it was before: earlier signatures are never made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.reports.sealing import SealKey, set_seal, sizes_of_empty_fields
from app.reports.slip import Entry, render_slip

Mark = dict[str, Any]
Signer = tuple[int | None, SealKey, str]  # the seal (None: the platform's own key), its key, the reason it states


def based(pdf: bytes, key: str, facts: dict[str, list[list[str]]]) -> list[Mark]:
    """The marks of a form on which nothing was added yet."""
    return [{"key": key, "size": len(pdf), "facts": facts}]


def standing(marks: Sequence[Mark], keys: Sequence[str]) -> int:
    """How many of the wanted entries, from the first, are on the form and may stay."""
    count = 0
    for mark, key in zip(marks[1:], keys, strict=False):
        if mark["key"] != key:
            break
        count += 1
    return count


def is_current(marks: Sequence[Mark], keys: Sequence[str], base_key: str) -> bool:
    """Whether the form says exactly this. Once somebody signed, its base stays as it was signed."""
    if not marks or [mark["key"] for mark in marks[1:]] != list(keys):
        return False
    return len(marks) > 1 or marks[0]["key"] == base_key


def grow(
    pdf: bytes, marks: Sequence[Mark], entries: Sequence[Entry], signer_of: Callable[[Entry], Signer], *, in_process: bool = False,
) -> tuple[bytes, list[Mark]]:
    """The form with exactly these entries: cut back to what still holds, then one signature for each that is new."""
    kept = standing(marks, [entry.key for entry in entries])
    made = list(marks[:kept + 1])
    data = pdf[:made[-1]["size"]]
    facts = made[0]["facts"]
    places = sizes_of_empty_fields(data) if kept < len(entries) else {}
    for entry in entries[kept:]:
        seal_id = None
        if entry.field in places:
            seal_id, key, reason = signer_of(entry)
            slip = render_slip(entry, facts.get(entry.field, ()), places[entry.field], picture=key.picture, in_process=in_process)
            data = set_seal(data, entry.field, key, reason=reason, slip=slip)
        made.append({"key": entry.key, "size": len(data), "field": entry.field, "seal_id": seal_id})
    return data, made
