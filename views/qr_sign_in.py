"""扫码登录: the code on the desktop, and the question on the phone."""

from __future__ import annotations

import base64
from typing import Any

from flask import flash, jsonify, redirect, request, session, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _
from flask_login import current_user

from app.errors import DomainError
from app.extensions import limiter
from app.reports.qr import qr_png
from app.rules.user_agent import describe
from app.services import qr_sign_in
from app.services.qr_sign_in import Standing
from app.transaction import current_session
from models.base import utcnow
from views.base import PageView, current_actor, current_organization_name
from views.sign_on_clients import public

KEPT = "qr_sign_in"  # the session's key: [code, secret] of the code this browser shows


class QrSignInView(PageView):
    """On the desktop. Without scripts the page is looked at again by its own button."""

    route_base = "/scan"
    default_view = "show"

    @expose("/new/", methods=["POST"])
    @limiter.limit("20 per minute")
    def new(self) -> Any:
        """获取二维码: a fresh one; the one before is of no use any more."""
        if current_user.is_authenticated:
            return redirect(url_for("HomeView.index"))
        shown = qr_sign_in.begin(origin=request.remote_addr or "", user_agent=request.user_agent.string)
        session[KEPT] = [shown.code, shown.secret]
        return redirect(url_for("QrSignInView.show"))

    @expose("/")
    def show(self) -> Any:
        """The picture while it waits, else what became of it."""
        code, found = self._standing()
        picture = seconds = None
        if found is not None and found.state == "waiting":
            address = public(url_for("QrConfirmView.show", code=code))
            picture = "data:image/png;base64," + base64.b64encode(qr_png(address)).decode()
        if found is not None:
            seconds = max(0, int((found.expires_at - utcnow()).total_seconds()))
        return self.render("account/qr.html", found=found, picture=picture, seconds=seconds)

    @expose("/state")
    @limiter.limit("120 per minute")
    def state(self) -> Any:
        """For the page's script; it changes nothing."""
        _code, found = self._standing()
        return jsonify(state=found.state if found else "none")

    def _standing(self) -> tuple[str, Standing | None]:
        code, secret = session.get(KEPT) or ("", "")
        if not code:
            return "", None
        try:
            return code, qr_sign_in.standing(current_session(), code=code, secret=secret)
        except DomainError:  # swept
            return "", None

    @expose("/finish/", methods=["POST"])
    @limiter.limit("60 per minute")
    def finish(self) -> Any:
        """进入系统: a session of its own for the account that confirmed."""
        code, secret = session.get(KEPT) or ("", "")
        account = None
        with self.attempt() as outcome:
            account = self.appbuilder.sm.admit(qr_sign_in.finish(code=code, secret=secret), via="qr")
        if outcome.ok and account is not None:
            self.appbuilder.sm.sign_in(account)
            return redirect(url_for("HomeView.index"))
        if outcome.ok:
            flash(_("该账号已停用，不能登录。请联系平台客服。"), "danger")
        return redirect(url_for("QrSignInView.show"))


class QrConfirmView(PageView):
    """On the phone, signed in. A visitor is asked to sign in first and comes back."""

    route_base = "/qr"
    default_view = "show"

    @expose("/<string:code>/")
    @has_access
    def show(self, code: str) -> Any:
        """Who asks: which browser, when, where; nothing happens by looking."""
        actor = current_actor()
        found, sentence, status = None, "", 200
        try:
            found = qr_sign_in.question(current_session(), code=code, actor=actor)
        except DomainError as error:
            sentence, status = _(error.message), error.status
        return self.render(
            "account/qr_confirm.html", status=status, found=found, sentence=sentence, code=code, account=current_user,
            organization=current_organization_name(), browser=" · ".join(_(name) for name in describe(found.user_agent)) if found else "",
            same_place=bool(found and found.origin == actor.origin),
        )

    @expose("/<string:code>/confirm/", methods=["POST"])
    @limiter.limit("20 per minute")
    @has_access
    def confirm(self, code: str) -> Any:
        """确认登录."""
        with self.attempt() as outcome:
            qr_sign_in.confirm(code=code, actor=current_actor())
        if outcome.ok:
            flash(_("已确认，电脑上即将登录。"), "success")
        return redirect(url_for("HomeView.index"))

    @expose("/<string:code>/refuse/", methods=["POST"])
    @limiter.limit("20 per minute")
    @has_access
    def refuse(self, code: str) -> Any:
        """拒绝."""
        with self.attempt() as outcome:
            qr_sign_in.refuse(code=code, actor=current_actor())
        if outcome.ok:
            flash(_("已拒绝，电脑上不会登录。如果不是您本人操作，请尽快修改密码。"), "warning")
        return redirect(url_for("HomeView.index"))


def register(appbuilder: AppBuilder) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(QrSignInView)
    appbuilder.add_view_no_menu(QrConfirmView)
