"""通知: the bell's page. Opening a message marks it read, so it is a POST; looking at the list changes nothing."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _

from app.services import notification
from app.transaction import current_session
from models.notification import MAIL_MODES
from views.base import PageView, current_actor

SIZE = 20
DIGITS = 18  # of an id: more does not fit its column


class NotificationView(PageView):
    """The signed-in account's own messages."""

    route_base = "/notifications"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Newest first, all or the unread ones, paged by key."""
        unread_only = request.args.get("unread") == "1"
        actor, session = current_actor(), current_session()
        page = notification.messages(
            session, user_id=actor.user_id or 0, unread_only=unread_only, before_id=_id(request.args.get("before")),
            size=SIZE,
        )
        unread = notification.unread_count(session, user_id=actor.user_id or 0)
        mode, address = notification.mail_of(session, user_id=actor.user_id or 0)
        return self.render(
            "notification/index.html", page=page, unread_only=unread_only, unread=unread,
            most=notification.UNREAD_SHOWN, first_page="before" not in request.args, modes=MAIL_MODES, mode=mode, address=address,
            crumbs=[{"label": _("首页"), "href": url_for("IndexView.index")}, {"label": _("通知"), "href": ""}],
        )

    @expose("/<int:notification_id>/open/", methods=["POST"])
    @has_access
    def open(self, notification_id: int) -> Any:
        """Mark one message read and go where it leads."""
        link = notification.mark_read(notification_id=notification_id, actor=current_actor())
        return redirect(link or url_for("NotificationView.index"), code=303)

    @expose("/<int:notification_id>/read/", methods=["POST"])
    @has_access
    def read(self, notification_id: int) -> Any:
        """Mark one message read and stay."""
        notification.mark_read(notification_id=notification_id, actor=current_actor())
        return redirect(self._list(), code=303)

    @expose("/read/", methods=["POST"])
    @has_access
    def read_all(self) -> Any:
        """Mark everything read that the page showed or that is older."""
        notification.mark_all_read(actor=current_actor(), up_to_id=_id(request.form.get("up_to")))
        return redirect(self._list(), code=303)

    @expose("/mail/", methods=["POST"])
    @has_access
    def mail(self) -> Any:
        """邮件提醒: by a mail each, one a day, or none."""
        with self.attempt() as outcome:
            notification.choose_mail(mode=request.form.get("mode", ""), actor=current_actor())
        if outcome.ok:
            flash(_("邮件提醒方式已保存。"), "success")
        return redirect(url_for("NotificationView.index"), code=303)

    def _list(self) -> str:
        if request.form.get("unread") == "1":
            return url_for("NotificationView.index", unread=1)
        return url_for("NotificationView.index")


def _id(value: str | None) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= DIGITS):
        abort(400)
    return int(value)


def register(appbuilder: AppBuilder) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(NotificationView)
