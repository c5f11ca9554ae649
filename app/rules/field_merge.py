"""Two windows over one form: three-way merging, field by field. Pure: what the page began with, what it says now, what is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.rules.fields import Field

_LONGEST_TOKEN = 200_000


@dataclass(frozen=True)
class Merged:
    """`values`: what to store. `conflicts`: fields both sides changed, as (mine, stored), the stored one kept.
    `arrived`: fields another window changed and this one did not.
    """

    values: Mapping[str, Any]
    conflicts: Mapping[str, tuple[Any, Any]]
    arrived: Mapping[str, Any]


def token_of(values: Mapping[str, Any]) -> str:
    """What a page carries to say which values it was filled from."""
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def values_of(token: str) -> dict[str, Any] | None:
    """The values a token names; None for nonsense (nothing is known then, and every difference is a conflict)."""
    try:
        found = json.loads(token) if token and len(token) <= _LONGEST_TOKEN else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def merge(
    fields: Sequence[Field], *, base: Mapping[str, Any] | None, mine: Mapping[str, Any], stored: Mapping[str, Any]
) -> Merged:
    """Merge the inputs of a form. Values are in stored form; a missing key means nothing was filled in."""
    values: dict[str, Any] = {}
    conflicts: dict[str, tuple[Any, Any]] = {}
    arrived: dict[str, Any] = {}
    for field in fields:
        if not field.is_input:
            continue
        my, now = _plain(field, mine), _plain(field, stored)
        began = now if base is None and now is None else None if base is None else _plain(field, base)
        if my == now:
            chosen = my
        elif my == began and base is not None:
            chosen, arrived[field.key] = now, now
        elif now == began:
            chosen = my
        else:
            chosen, conflicts[field.key] = now, (my, now)
        if chosen is not None:
            values[field.key] = chosen
    return Merged(values, conflicts, arrived)


def _plain(field: Field, values: Mapping[str, Any]) -> Any:
    value = values.get(field.key)
    if field.type == "bool" and not field.required:
        return bool(value)
    return None if value in ("", []) else value
