"""Mails as jobs: one each, so that a mail that fails is retried alone; once a day those who want it get one of all."""

from __future__ import annotations

import datetime as dt

from flask import current_app
from sqlalchemy import ColumnElement, select

from app import mail
from app.jobs.registry import GiveUp, JobView, handler
from app.outbox import enqueue
from app.services.notification import ADDRESS, MAIL_ATTEMPTS, with_address
from app.transaction import current_session, transaction
from models.account import Account
from models.notification import MailPreference, Notification

_notification, _preference, _account = Notification.__table__, MailPreference.__table__, Account.__table__
LISTED = 30  # titles in a mail of a day
CHUNK = 500
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@handler("mail.notification")
def mail_notification(job: JobView) -> None:
    """Send one notification to its account's address, read now: the payload holds no personal data."""
    session = current_session()
    row = session.connection().execute(
        with_address(select(_notification.c.title, _notification.c.link, ADDRESS.label("email")))
        .join(_notification, _notification.c.user_id == _account.c.id)
        .where(_notification.c.key == job.payload["key"], _account.c.active.is_(True))
    ).first()
    session.rollback()  # no transaction stays open while the mail server is waited for
    if row is None or not row.email:
        return
    link = row.link or "/"
    _send(job, to=row.email, subject=row.title, text=f"{row.title}\n\n请登录系统查看：{_address_of(link)}\n")


@handler("mail.digest")
def digest(job: JobView) -> None:
    """Ask for one mail to each account that wants its notifications of a day in one; the day is in the key."""
    day, last = int(job.key.rpartition(":")[2]), 0
    while True:
        with transaction() as session:
            found = session.connection().execute(
                with_address(select(_account.c.id))
                .where(
                    _account.c.id > last, _account.c.active.is_(True), _preference.c.mode == "daily", ADDRESS != "",
                    select(_notification.c.id).where(_notification.c.user_id == _account.c.id, *_unread_of(day)).exists(),
                )
                .order_by(_account.c.id).limit(CHUNK)
            ).scalars().all()
            for user_id in found:
                enqueue(session, kind="mail.digest_of", key=f"digest:{day}:{user_id}", payload={"user_id": user_id, "day": day},
                        max_attempts=MAIL_ATTEMPTS)
        if len(found) < CHUNK:
            return
        last = found[-1]


@handler("mail.digest_of")
def mail_digest(job: JobView) -> None:
    """One mail with what an account has not read of a day; nothing when it has read all of it."""
    session, user_id = current_session(), job.payload["user_id"]
    email = session.connection().execute(
        with_address(select(ADDRESS)).where(_account.c.id == user_id, _account.c.active.is_(True), _preference.c.mode == "daily")
    ).scalar()
    titles = session.connection().execute(
        select(_notification.c.title).where(_notification.c.user_id == user_id, *_unread_of(job.payload["day"]))
        .order_by(_notification.c.id.desc()).limit(LISTED + 1)
    ).scalars().all()
    session.rollback()  # no transaction stays open while the mail server is waited for
    if not email or not titles:
        return
    more = len(titles) > LISTED
    lines = [f"{number}. {title}" for number, title in enumerate(titles[:LISTED], 1)]
    _send(
        job, to=email, subject=f"您有 {LISTED if more else len(titles)} 条{'以上' if more else ''}未读通知",
        text="\n".join(["最近一天的未读通知：", "", *lines, *(["……"] if more else []), "", f"请登录系统查看：{_address_of('/notifications/?unread=1')}",
                        "在“通知”页面可以更改邮件提醒的方式。", ""]),
    )


def _unread_of(day: int) -> tuple[ColumnElement[bool], ...]:
    """Not read, and of the day before `day` (days since the epoch, UTC: from 8 to 8 o'clock in China)."""
    until = EPOCH + dt.timedelta(days=day)
    return (
        _notification.c.read_at.is_(None), _notification.c.created_at >= until - dt.timedelta(days=1),
        _notification.c.created_at < until,
    )


def _address_of(path: str) -> str:
    return f"{current_app.config['PUBLIC_URL'].rstrip('/')}{path}"


def _send(job: JobView, *, to: str, subject: str, text: str) -> None:
    config = current_app.config
    try:
        mail.send(
            url=config["MAIL_URL"], sender_name=config["APP_NAME"], to=to, subject=f"【{config['APP_NAME']}】{subject}",
            key=job.key, secret=config["SECRET_KEY"], text=f"{text}\n本邮件由系统自动发送，请勿回复。\n",
        )
    except mail.MailError as error:
        if error.permanent:
            raise GiveUp(str(error)) from error
        raise
