"""How values look on screens: days and moments in the province's time zone, masked numbers."""

from __future__ import annotations

import datetime as dt

from flask import Flask
from flask_babel import gettext as _

from app.rules.deadlines import ZONE
from app.rules.identity import mask_id_number
from app.workflow.engine import node_label
from models.case import CASE_STATES, TASK_STATES
from views.refused import take


def day(value: dt.date | dt.datetime | None) -> str:
    """2026-11-23; nothing for None."""
    if isinstance(value, dt.datetime):
        value = value.astimezone(ZONE)
    return value.strftime("%Y-%m-%d") if value else ""


def moment(value: dt.datetime | None) -> str:
    """2026-11-23 14:03 in Asia/Shanghai; nothing for None."""
    return value.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if value else ""


def register_filters(app: Flask) -> None:
    """`|day`, `|moment`, `|masked`, and the words of nodes and states, for every template; and what was typed
    into a decision that was refused.
    """
    app.jinja_env.filters.update(
        day=day, moment=moment, masked=mask_id_number, node_label=lambda node: _(node_label(node)),
        task_state=lambda state: _(TASK_STATES[state]), case_state=lambda state: _(CASE_STATES[state]), gettext=_,
    )
    app.jinja_env.globals["refused_decision"] = take
