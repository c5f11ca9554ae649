"""Mails as jobs: one each, so that a mail that fails is retried alone."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select

from app import mail
from app.jobs.registry import GiveUp, JobView, handler
from app.services.notification import ADDRESS, with_address
from app.transaction import current_session
from models.account import Account
from models.notification import Notification

_notification, _account = Notification.__table__, Account.__table__


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
    config = current_app.config
    link = f"{config['PUBLIC_URL'].rstrip('/')}{row.link}" if row.link else config["PUBLIC_URL"]
    try:
        mail.send(
            url=config["MAIL_URL"], sender_name=config["APP_NAME"], to=row.email,
            subject=f"【{config['APP_NAME']}】{row.title}", key=job.key, secret=config["SECRET_KEY"],
            text=f"{row.title}\n\n请登录系统查看：{link}\n\n本邮件由系统自动发送，请勿回复。\n",
        )
    except mail.MailError as error:
        if error.permanent:
            raise GiveUp(str(error)) from error
        raise
