"""An organization's inbox: who shares it, what stands in its piles, and what its lists need besides their rows.

All of it is one statement, since every page of a reviewer asks for it: each part alone would be a round trip of its own.
The counts come from the counters' table; nothing here counts tasks.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Select,
    String,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotAllowed
from app.queries.opinion_template import Opinion, opinions_statement
from app.rules import deadlines
from models.account import Account
from models.case import TaskCounter
from models.holiday import Holiday
from models.notification import Notification
from models.saved_view import SavedView
from models.setting import Setting
from models.substitution import Substitution

TABS = {"todo": "待处理", "unclaimed": "待领取", "mine": "我已处理", "decided": "所有已处理"}
APPLICATION_TABS = {"todo": "待审核", "unclaimed": "待领取", "decided": "已审核", "returned": "被退回", "all": "全部"}
COLLEAGUES = 50
UNREAD_SHOWN = 100
DUE_DAYS = "review.due_days"
CALENDAR = dt.timedelta(days=200)  # holidays known to a list, before and after today: more than any node is given
_ZERO, _EMPTY = literal_column("0", Integer), literal_column("''", String)
_account, _counter, _substitution = Account.__table__, TaskCounter.__table__, Substitution.__table__
_note, _view, _setting, _holiday = Notification.__table__, SavedView.__table__, Setting.__table__, Holiday.__table__


@dataclass(frozen=True)
class Calendar:
    """How many working days each node is given, and the days on which the week's rule does not hold."""

    days: dict[str, int]
    exceptions: dict[dt.date, bool]


@dataclass(frozen=True)
class Inbox:
    """Whose tasks. `shared`: the organization has several administrators, who claim before they decide.

    `piles`: (procedure, pile, user, n) of the counters. `views`, `opinions` and `calendar` are there for lists only (`inbox_of(…, page=…)`).
    """

    organization_id: int
    user_id: int
    shared: bool
    colleagues: tuple[tuple[int, str], ...] = ()  # (account, name) of the other administrators
    stands_in_for: frozenset[int] = frozenset()  # colleagues whose claimed tasks are the user's to decide today
    piles: tuple[tuple[str, str, int, int], ...] = ()
    unread: int = 0
    views: tuple[tuple[int, str, dict[str, str]], ...] = ()  # 常用筛选: (id, name, filters)
    opinions: tuple[Opinion, ...] = ()
    calendar: Calendar | None = None

    @property
    def holders(self) -> list[int]:
        """The accounts whose claimed tasks the user decides."""
        return sorted({self.user_id, *self.stands_in_for})

    @property
    def waiting(self) -> int:
        """What the badge of 任务中心 counts: 待处理 and 待领取 of every procedure."""
        counts = tab_counts(self)
        return counts["todo"] + counts["unclaimed"]


def inbox_of(session: Session, actor: Actor, *, page: str = "") -> Inbox:
    """The inbox of an administrator of an organization; NotAllowed for anybody else.

    `page`: a key of models.saved_view.SAVED_PAGES, for a list: its saved filters, the opinions and the calendar besides.
    """
    if actor.organization_id is None or actor.user_id is None:
        raise NotAllowed("当前账号不属于任何单位，请使用单位管理员账号登录。")
    today = deadlines.today()
    found: dict[str, list[Any]] = {}
    for row in session.connection().execute(_statement(bool(page)), {
        "of_organization": actor.organization_id, "of_user": actor.user_id, "on_day": today, "on_page": page,
        "since": today - CALENDAR, "until": today + CALENDAR, "of_setting": DUE_DAYS,
    }):
        found.setdefault(row[0], []).append(row)
    colleagues = tuple((row.id, row.a) for row in found.get("colleague", ()))
    return Inbox(
        actor.organization_id, actor.user_id, bool(colleagues), colleagues,
        frozenset(row.id for row in found.get("absent", ())) if colleagues else frozenset(),
        tuple((row.b, row.a, row.id, row.n) for row in found.get("pile", ())), found["unread"][0].n,
        tuple((row.id, row.a, json.loads(row.text)) for row in sorted(found.get("view", ()), key=lambda row: row.a)),
        tuple(Opinion(row.id, row.a, row.b, row.text, bool(row.n)) for row in sorted(
            found.get("opinion", ()), key=lambda row: (-row.n, row.position, row.id))),
        _calendar(found.get("setting", ()), found.get("holiday", ())) if page else None,
    )


def _calendar(setting: Sequence[Any], holidays: Sequence[Any]) -> Calendar:
    return Calendar(
        (json.loads(setting[0].text) or {}) if setting else {},
        {dt.date.fromisoformat(row.a): bool(row.n) for row in holidays},
    )


def _part(kind: str, *, id: Any = _ZERO, n: Any = _ZERO, position: Any = _ZERO, a: Any = _EMPTY, b: Any = _EMPTY,
          text: Any = _EMPTY) -> Select[Any]:
    return select(
        literal_column(f"'{kind}'", String).label("kind"), id.label("id"), n.label("n"), position.label("position"), a.label("a"), b.label("b"),
        text.label("text"),
    )


@lru_cache(maxsize=2)
def _statement(with_list: bool) -> Any:
    """The parts as (kind, id, n, position, a, b, text) rows; composed once."""
    user: Any = bindparam("of_user")
    organization: Any = bindparam("of_organization")
    day = bindparam("on_day", type_=Date)
    others = (
        select(_account.c.id, (_account.c.last_name + _account.c.first_name).label("name"))
        .where(_account.c.organization_id == organization, _account.c.active.is_(True), _account.c.id != user)
        .order_by(_account.c.id).limit(COLLEAGUES).subquery()
    )
    unread = select(_note.c.id).where(_note.c.user_id == user, _note.c.read_at.is_(None)).limit(UNREAD_SHOWN).subquery()
    parts = [
        _part("colleague", id=others.c.id, a=others.c.name),
        _part("absent", id=_substitution.c.user_id).where(
            _substitution.c.substitute_id == user, _substitution.c.ends_on >= day, _substitution.c.begins_on <= day,
            _substitution.c.ended_at.is_(None),
        ),
        _part("pile", id=_counter.c.user_id, n=_counter.c.n, a=_counter.c.pile, b=_counter.c.procedure)
        .where(_counter.c.organization_id == organization, _counter.c.n > 0),
        _part("unread", n=func.count()).select_from(unread),
    ]
    if with_list:
        opinion = opinions_statement(user).subquery()
        parts += [
            _part("view", id=_view.c.id, a=_view.c.name, text=cast(_view.c.filters, Text))
            .where(_view.c.user_id == user, _view.c.page == bindparam("on_page")),
            _part("opinion", id=opinion.c.id, n=case((opinion.c.user_id.is_(None), 1), else_=0), position=opinion.c.position,
                  a=opinion.c.procedure, b=opinion.c.action, text=cast(opinion.c.text, Text)),
            _part("setting", text=cast(_setting.c.value, Text)).where(_setting.c.key == bindparam("of_setting")),
            _part("holiday", n=cast(_holiday.c.is_workday, Integer), a=cast(_holiday.c.day, String(10)))
            .where(_holiday.c.day.between(bindparam("since", type_=Date), bindparam("until", type_=Date))),
        ]
    return union_all(*parts)


def tab_counts(inbox: Inbox, *, procedure: str = "") -> dict[str, int]:
    """How many tasks stand under each tab."""
    counts = dict.fromkeys({**TABS, **APPLICATION_TABS}, 0)
    for of, pile, user_id, n in inbox.piles:
        if procedure not in ("", of):
            continue
        counts["all"] += n
        if pile in ("decided", "returned"):
            counts["decided"] += n
            counts["returned"] += n if pile == "returned" else 0
            counts["mine"] += n if user_id == inbox.user_id else 0
        elif pile == "claimed":
            counts["todo"] += n if user_id in inbox.holders else 0
        else:
            counts["unclaimed" if inbox.shared else "todo"] += n
    return counts
