"""扫码登录 of built-in units: a code on a desktop is confirmed by a phone that is signed in, and used once.

The code in the picture opens the question on the phone and nothing else: the desktop is let in only with a secret
that never left its browser. Both transitions are guarded updates, so of two that come at once one wins.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import NotFound, TooMany, WrongState
from app.services.sign_on import digest
from app.transaction import transaction
from models.account import Account
from models.base import utcnow
from models.organization import Organization
from models.qr_sign_in import QrSignIn

LASTS = dt.timedelta(minutes=2)
FINISH_WITHIN = dt.timedelta(seconds=30)  # at least so long after the confirmation
OPEN_PER_ORIGIN = 30  # codes that one address may have open at once: a whole office behind one
EXPIRED = "二维码已过期，请在电脑上点“换一个二维码”，再重新扫描。"
USED = "这个二维码已经使用过，请在电脑上点“换一个二维码”，再重新扫描。"
REFUSED = "这次登录已在手机上拒绝。如果是您本人操作，请换一个二维码重新扫描。"
_code = QrSignIn.__table__
_account = Account.__table__


@dataclass(frozen=True)
class Shown:
    """What the desktop shows and keeps: `code` for the picture, `secret` for itself."""

    code: str
    secret: str


@dataclass(frozen=True)
class Standing:
    """Of one code. `state`: waiting, confirmed, refused, used or expired."""

    state: str
    check_digits: str
    expires_at: dt.datetime
    created_at: dt.datetime
    origin: str
    user_agent: str


def begin(*, origin: str, user_agent: str) -> Shown:
    """A new code for this browser. TooMany when the address has too many open."""
    shown = Shown(secrets.token_urlsafe(16), secrets.token_urlsafe(32))
    now = utcnow()
    with transaction() as session:
        n = session.execute(
            select(func.count()).select_from(_code)
            .where(_code.c.origin == origin, _code.c.state == "waiting", _code.c.expires_at > now)
        ).scalar_one()
        if n >= OPEN_PER_ORIGIN:
            raise TooMany("同一网络中打开的二维码太多，请两分钟后再试，或使用账号密码登录。")
        session.execute(insert(_code).values(
            code_digest=digest(shown.code), browser_digest=digest(shown.secret), origin=origin[:45], state="waiting",
            check_digits=f"{secrets.randbelow(10_000):04}", user_agent=user_agent[:300], created_at=now, expires_at=now + LASTS,
        ))
    return shown


def standing(session: Session, *, code: str, secret: str | None = None) -> Standing:
    """How a code stands; with `secret`, only for the browser that shows it. NotFound for any other."""
    statement = select(_code).where(_code.c.code_digest == digest(code))
    if secret is not None:
        statement = statement.where(_code.c.browser_digest == digest(secret))
    row = session.execute(statement).first()
    if row is None:
        raise NotFound("没有这个二维码，请在电脑上重新获取。")
    over = row.expires_at <= utcnow() and row.state in ("waiting", "confirmed")
    return Standing(
        "expired" if over else row.state, row.check_digits, row.expires_at, row.created_at, row.origin, row.user_agent
    )


def question(session: Session, *, code: str, actor: Actor) -> Standing:
    """What the phone is asked: a code that still waits. WrongState says why it no longer does."""
    _require_built_in(session, actor)
    found = standing(session, code=code)
    if found.state != "waiting":
        raise WrongState(_why(found.state))
    return found


def confirm(*, code: str, actor: Actor) -> None:
    """确认登录: the desktop may sign in as this account."""
    _decide(code, actor, state="confirmed", event=Event.QR_SIGN_IN_CONFIRMED, account_id=actor.user_id)


def refuse(*, code: str, actor: Actor) -> None:
    """拒绝: nobody can use the code any more."""
    _decide(code, actor, state="refused", event=Event.QR_SIGN_IN_REFUSED, account_id=None)


def _decide(code: str, actor: Actor, *, state: str, event: Event, account_id: int | None) -> None:
    now = utcnow()
    with transaction() as session:
        _require_built_in(session, actor)
        values: dict[str, Any] = {"state": state, "account_id": account_id}
        done = session.execute(
            update(_code).where(_code.c.code_digest == digest(code), _code.c.state == "waiting", _code.c.expires_at > now)
            .values(**values)
        )
        if cast(Any, done).rowcount != 1:
            raise WrongState(_why(standing(session, code=code).state))
        session.execute(
            update(_code).where(_code.c.code_digest == digest(code), _code.c.expires_at < now + FINISH_WITHIN)
            .values(expires_at=now + FINISH_WITHIN)
        )
        asked = standing(session, code=code)
        session.execute(select(_account.c.id).where(_account.c.id == actor.user_id).with_for_update())  # its chain
        record_event(session, event=event, subject_type="account", subject_id=int(actor.user_id or 0), actor=actor,
                     data={"asked_from": asked.origin})


def finish(*, code: str, secret: str) -> int:
    """The account that confirmed, once, for the browser that shows the code. WrongState otherwise."""
    mine = (_code.c.code_digest == digest(code)) & (_code.c.browser_digest == digest(secret))
    with transaction() as session:
        done = session.execute(
            update(_code).where(mine, _code.c.state == "confirmed", _code.c.expires_at > utcnow()).values(state="used")
        )
        if cast(Any, done).rowcount != 1:
            raise WrongState(_why(standing(session, code=code, secret=secret).state))
        return int(session.execute(select(_code.c.account_id).where(mine)).scalar_one())


def _why(state: str) -> str:
    return {
        "waiting": "还没有在手机上确认，请先用手机扫描二维码并点“确认登录”。", "refused": REFUSED, "expired": EXPIRED,
    }.get(state, USED)


def _require_built_in(session: Session, actor: Actor) -> None:
    built_in = actor.organization_id is not None and session.scalar(
        select(Organization.is_built_in).where(Organization.id == actor.organization_id)
    )
    if not built_in:
        raise WrongState("扫码登录只用于内置单位。请在电脑上用“个人登录”或“单位登录”。")
