"""A row's values as plain data: for the audit trail, and to tell whether it changed since a form showed it."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from sqlalchemy import inspect

from app.audit import canonical

SECRET = {"password", "session_stamp"}


def values_of(row: Any) -> dict[str, Any]:
    """Column -> value, JSON-ready; secrets left out."""
    values = {
        attribute.key: _plain(getattr(row, attribute.key))
        for attribute in inspect(type(row)).column_attrs if attribute.key not in SECRET
    }
    return values | ({"roles": row.role_names} if hasattr(row, "role_names") else {})


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)


def fingerprint(row: Any) -> str:
    """A digest of the row's values: equal while nobody has saved the row in between."""
    return hashlib.sha256(canonical(values_of(row)).encode()).hexdigest()


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Column -> [old, new] of what differs, the bookkeeping columns aside."""
    return {
        key: [before.get(key), value] for key, value in after.items()
        if before.get(key) != value and key not in ("updated_at", "version")
    }
