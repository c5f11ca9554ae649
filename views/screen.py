"""How values look on screens: days and moments in the province's time zone, masked numbers."""

from __future__ import annotations

import datetime as dt

from flask import Flask
from flask_babel import pgettext
from markupsafe import Markup

from app.reports.wording import day, moment
from app.rules import deadlines
from app.rules.identity import mask_id_number
from app.rules.opinion import most
from app.rules.return_reason import general
from app.rules.rich_text import clean
from app.workflow.engine import node_label
from models.case import CASE_STATES, TASK_STATES
from views.addresses import entrustment_address
from views.opinion_parts import opinion_choices
from views.refused import take
from views.words import catalogue, say
from views.words import gettext as _


def running_time(lasted: dt.timedelta) -> str:
    """运行时长 as people read it: “3 天 4 小时”, “12 分钟”."""
    minutes = max(0, int(lasted.total_seconds())) // 60
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return _("%(d)s 天 %(h)s 小时", d=hours // 24, h=hours % 24)
    return _("%(h)s 小时 %(m)s 分钟", h=hours, m=minutes) if hours else _("%(n)s 分钟", n=minutes)


def rich(text: str) -> Markup:
    """Sanitised HTML, sanitised once more: whatever the database holds, nothing else leaves."""
    return Markup(clean(text))  # noqa: S704


def time_left(closes_on: dt.date, now: dt.datetime | None = None) -> str:
    """How long a window remains, as the notices say it: “还有 3 天 4 小时截止”."""
    left = deadlines.time_left(closes_on, now)
    return _("还有 %(time)s截止", time=running_time(left)) if left else _("已截止")


_RESULTS = {"通过": lambda: pgettext("state", "通过"), "退回": lambda: pgettext("state", "退回"), "终止": lambda: pgettext("state", "终止")}


def state_word(word: str) -> str:
    """The word of a state. 通过, 退回 and 终止 are also names of decisions, which other languages tell apart."""
    return _RESULTS[word]() if word in _RESULTS else _(word)


def file_size(size: int) -> str:
    """Bytes as people and the limits of slots count them: 1 MB is 1,024 KB."""
    if size < 1024 * 1024:
        return f"{max(size / 1024, 0.1):.1f} KB"
    return f"{size / 1024 / 1024:.1f} MB"


def register_filters(app: Flask) -> None:
    """`|day`, `|moment`, `|time_left`, `|rich`, `|masked`, `|filesize`, and the words of nodes and states, for every template; and what was typed
    into a decision that was refused.
    """
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        newstyle=True, **{name: catalogue(f"u{name}") for name in ("gettext", "ngettext", "pgettext", "npgettext")},
    )
    app.jinja_env.globals["_"] = say
    app.jinja_env.filters.update(
        day=day, moment=moment, time_left=time_left, rich=rich, masked=mask_id_number, node_label=lambda node: _(node_label(node)),
        task_state=lambda state: state_word(TASK_STATES[state]), case_state=lambda state: state_word(CASE_STATES[state]),
        state_word=state_word, gettext=_, general=general, filesize=file_size,
    )
    app.jinja_env.globals.update(
        refused_decision=take, opinion_choices=opinion_choices, opinion_most=most, entrustment_address=entrustment_address
    )
