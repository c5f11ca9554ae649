"""How values are written for people: days and moments in the province's time zone, the words of states."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from flask_babel import pgettext

from app.rules.deadlines import ZONE


def day(value: dt.date | dt.datetime | None) -> str:
    """2026-11-23; nothing for None."""
    if isinstance(value, dt.datetime):
        value = value.astimezone(ZONE)
    return value.strftime("%Y-%m-%d") if value else ""


def moment(value: dt.datetime | None) -> str:
    """2026-11-23 14:03 in Asia/Shanghai; nothing for None."""
    return value.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if value else ""


def state_word(word: str) -> str:
    """The word of a state. 通过, 退回 and 终止 are also names of decisions, which other languages tell apart."""
    results = {"通过": pgettext("state", "通过"), "退回": pgettext("state", "退回"), "终止": pgettext("state", "终止")}
    return results.get(word) or _(word)
