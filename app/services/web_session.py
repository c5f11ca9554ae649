"""Ending one's own sessions in other browsers."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import delete, select

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import NotFound
from app.transaction import transaction
from models.account import Account
from models.web_session import WebSession

_session, _account = WebSession.__table__, Account.__table__


def end(*, session_row: int, actor: Actor) -> None:
    """结束 one of the actor's own sessions; NotFound for somebody else's or one that is over."""
    with transaction() as work:
        work.execute(select(_account.c.id).where(_account.c.id == actor.user_id).with_for_update())  # its chain
        done = work.execute(
            delete(_session).where(_session.c.id == session_row, _session.c.account_id == actor.user_id)
        )
        if cast(Any, done).rowcount != 1:
            raise NotFound("没有找到这个登录，它可能已经结束。")
        record_event(work, event=Event.SESSION_ENDED, subject_type="account", subject_id=int(actor.user_id or 0),
                     actor=actor, data={"ended": 1})


def end_others(*, this: str, actor: Actor) -> int:
    """结束其他登录: all of the actor's sessions but the one with the id `this`; how many."""
    with transaction() as work:
        work.execute(select(_account.c.id).where(_account.c.id == actor.user_id).with_for_update())
        done = work.execute(
            delete(_session).where(_session.c.account_id == actor.user_id, _session.c.session_id != this)
        )
        ended = int(cast(Any, done).rowcount)
        if ended:
            record_event(work, event=Event.SESSION_ENDED, subject_type="account", subject_id=int(actor.user_id or 0),
                         actor=actor, data={"ended": ended})
        return ended
