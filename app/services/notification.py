"""通知: tell accounts what happened, in the bell and by e-mail as each of them wants; read them and mark them read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.sqla.models import Role, assoc_user_role
from sqlalchemy import case, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotAllowed, NotFound
from app.outbox import enqueue
from app.transaction import transaction
from models.account import PLACEHOLDER, Account
from models.base import utcnow
from models.notification import MAIL_MODES, MailPreference, Notification
from models.organization import Organization
from models.person import Person

TITLE_LENGTH = 200
UNREAD_SHOWN = 100  # the badge says 99+ from here on
MAIL_ATTEMPTS = 10  # about four hours of a mail server that is away

_notification, _preference = Notification.__table__, MailPreference.__table__
_account, _person, _organization = Account.__table__, Person.__table__, Organization.__table__
_INSERT: Mapping[str, Any] = {
    "sqlite": sqlite.insert(_notification).on_conflict_do_nothing(index_elements=["key"]),
    "postgresql": postgresql.insert(_notification).on_conflict_do_nothing(index_elements=["key"]),
}
_UPSERT: Mapping[str, Any] = {"sqlite": sqlite.insert(_preference), "postgresql": postgresql.insert(_preference)}


def notify(
    session: Session, *, user_ids: Iterable[int], key: str, title: str, link: str, mail: bool = True
) -> int:
    """Tell each active account once per `key` (≤ 120 characters); a second call with the same key adds nothing.

    `title` is cut to 200 characters; `link` is a path of this site or empty. `mail`: also by e-mail, by a job of its
    own, to those that have an address and want each by itself. Returns how many accounts are told. The caller's transaction commits.
    """
    if link and not is_local(link):
        raise ValueError("a notification links to a path of this site")
    if len(key) > 120:
        raise ValueError("a notification's key has at most 120 characters")
    ids = sorted(set(user_ids))
    accounts = session.connection().execute(
        with_address(select(_account.c.id, ADDRESS.label("email"), MODE.label("mode")))
        .where(_account.c.id.in_(ids), _account.c.active.is_(True)).order_by(_account.c.id)
    ).all()
    if not accounts:
        return 0
    now = utcnow()
    session.connection().execute(_INSERT[session.connection().dialect.name], [
        {"user_id": account.id, "key": f"{key}:{account.id}", "title": shorten(title), "link": link,
         "created_at": now}
        for account in accounts
    ])
    if mail:
        for account in accounts:
            if account.email and account.mode == "each":
                enqueue(
                    session, kind="mail.notification", key=f"mail:{key}:{account.id}",
                    payload={"key": f"{key}:{account.id}"}, max_attempts=MAIL_ATTEMPTS,
                )
    return len(accounts)


# Where an account is written to: the address the person or the account gave, else the unit's; empty for none.
ADDRESS = case(
    (_person.c.email != "", _person.c.email),
    (_account.c.email.not_like(f"%{PLACEHOLDER}"), _account.c.email),
    else_=func.coalesce(_organization.c.email, ""),
)
MODE = func.coalesce(_preference.c.mode, "each")


def with_address(statement: Any) -> Any:
    """A statement over accounts with the tables that ADDRESS and MODE need."""
    return statement.select_from(_account).outerjoin(_person, _person.c.user_id == _account.c.id).outerjoin(
        _organization, _organization.c.id == _account.c.organization_id
    ).outerjoin(_preference, _preference.c.user_id == _account.c.id)


def mail_of(session: Session, *, user_id: int) -> tuple[str, str]:
    """(mode, address) of an account's mails; the address is empty when there is none."""
    row = session.connection().execute(
        with_address(select(MODE.label("mode"), ADDRESS.label("email"))).where(_account.c.id == user_id)
    ).one()
    return str(row.mode), str(row.email)


def choose_mail(*, mode: str, actor: Actor) -> None:
    """邮件提醒: how the actor wants to be written to. Invalid for an unknown mode."""
    if mode not in MAIL_MODES:
        raise Invalid("请选择一种邮件提醒方式。")
    user_id = _reader(actor)
    with transaction() as session:
        before, _address = mail_of(session, user_id=user_id)
        if before == mode:
            return
        connection = session.connection()
        statement = _UPSERT[connection.dialect.name].values(user_id=user_id, mode=mode)
        connection.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_={"mode": mode}))
        record_event(session, event=Event.MAIL_CHOSEN, subject_type="account", subject_id=user_id, actor=actor,
                     data={"before": before, "after": mode})


def is_local(link: str) -> bool:
    """Whether a link is a path of this site: no scheme, no host, nothing a browser would read as one."""
    return link.startswith("/") and not link.startswith("//") and not set(link) & set("\\\r\n\t")


def shorten(title: str, length: int = TITLE_LENGTH) -> str:
    """One line of at most `length` characters, with an ellipsis where it was cut."""
    line = " ".join(title.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def administrators(session: Session, *, organization_id: int) -> list[int]:
    """Ids of the active accounts that act for an organization."""
    return list(session.connection().execute(
        select(_account.c.id).where(_account.c.organization_id == organization_id, _account.c.active.is_(True))
        .order_by(_account.c.id)
    ).scalars())


def operations_staff(session: Session) -> list[int]:
    """Ids of the active accounts of the platform's operations."""
    return list(session.connection().execute(
        select(_account.c.id).join(assoc_user_role, assoc_user_role.c.user_id == _account.c.id)
        .join(Role.__table__, Role.__table__.c.id == assoc_user_role.c.role_id)
        .where(Role.__table__.c.name == "Ops", _account.c.active.is_(True)).order_by(_account.c.id)
    ).scalars())


def unread_count(session: Session, *, user_id: int) -> int:
    """How many messages wait unread, counted up to `UNREAD_SHOWN`: one query that reads at most so many index rows."""
    bounded = (
        select(literal(1).label("one"))
        .where(_notification.c.user_id == user_id, _notification.c.read_at.is_(None))
        .limit(UNREAD_SHOWN).subquery()
    )
    return int(session.connection().execute(select(func.count()).select_from(bounded)).scalar_one())


@dataclass(frozen=True)
class Message:
    """One line of the bell page."""

    id: int
    title: str
    link: str
    created_at: dt.datetime
    read_at: dt.datetime | None


@dataclass(frozen=True)
class Page:
    """A page of messages, newest first; `older` is the id to continue before, None on the last page."""

    messages: list[Message]
    older: int | None


def messages(
    session: Session, *, user_id: int, unread_only: bool = False, before_id: int | None = None, size: int = 20
) -> Page:
    """One account's messages, by key paging."""
    query = select(
        _notification.c.id, _notification.c.title, _notification.c.link, _notification.c.created_at,
        _notification.c.read_at,
    ).where(_notification.c.user_id == user_id)
    if unread_only:
        query = query.where(_notification.c.read_at.is_(None))
    if before_id is not None:
        query = query.where(_notification.c.id < before_id)
    rows = session.connection().execute(query.order_by(_notification.c.id.desc()).limit(size + 1)).all()
    found = [Message(**row._mapping) for row in rows[:size]]
    return Page(found, found[-1].id if len(rows) > size else None)


def mark_read(*, notification_id: int, actor: Actor) -> str:
    """Mark one of the actor's own messages read; again does nothing. Returns its link. Reading leaves no audit row."""
    with transaction() as session:
        mine = (_notification.c.id == notification_id) & (_notification.c.user_id == _reader(actor))
        link = session.connection().execute(select(_notification.c.link).where(mine)).scalar_one_or_none()
        if link is None:
            raise NotFound("没有这条通知，请返回通知列表查看。")
        session.connection().execute(
            update(_notification).where(mine, _notification.c.read_at.is_(None)).values(read_at=utcnow())
        )
    return str(link)


def mark_all_read(*, actor: Actor, up_to_id: int | None = None) -> int:
    """Mark the actor's messages read, those up to `up_to_id` if given, so that none arrived since is lost.

    Returns how many.
    """
    with transaction() as session:
        unread = (_notification.c.user_id == _reader(actor)) & _notification.c.read_at.is_(None)
        if up_to_id is not None:
            unread &= _notification.c.id <= up_to_id
        return session.connection().execute(update(_notification).where(unread).values(read_at=utcnow())).rowcount


def _reader(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed("请登录后查看通知。")
    return actor.user_id
