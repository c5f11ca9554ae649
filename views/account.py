"""Signing in and out, and changing one's own password."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, request, session, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.security import check_password_hash

from app import security
from app.errors import Invalid
from app.extensions import db, limiter
from app.rules.password import check_password
from views import sign_on
from views.addresses import safe_next
from views.base import PageView, current_actor
from views.forms.account import LoginForm, PasswordForm
from views.sign_on_clients import offered, sign_up_open

DOORS = {"person": "个人登录", "unit": "单位登录", "builtin": "内置单位登录"}


class LoginView(PageView):
    """One page for everybody. The answer to a wrong name, a wrong password and a locked account is the same."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])
    @limiter.limit("120 per minute", methods=["POST"])
    def login(self) -> Any:
        if current_user.is_authenticated:
            return redirect(safe_next(request.args.get("next")))
        form = LoginForm()
        if form.validate_on_submit():
            account = self.appbuilder.sm.auth_user_db((form.username.data or "").strip(), form.password.data)
            if account is not None:
                self.appbuilder.sm.sign_in(account)
                return redirect(safe_next(request.args.get("next")))
            minutes = int(current_app.config["LOGIN_LOCK"].total_seconds() // 60)
            flash(_("账号或密码不正确。连续输错 %(n)s 次后，需等待 %(m)s 分钟再试。",
                    n=current_app.config["LOGIN_FAILURES_ALLOWED"], m=minutes), "danger")
            return self._page(form, 401)
        return self._page(form, 400 if form.errors else 200)

    def _page(self, form: LoginForm, status: int) -> Any:
        door = request.args.get("as", "")
        door = door if door in DOORS else "person"
        going_on = request.args.get("next")
        sign_up = {"person": "SignUpView.sign_up", "unit": "OrganizationSignUpView.sign_up"}.get(door, "")
        return self.render(
            "appbuilder/general/security/login_db.html", status=status, form=form, door=door, going_on=going_on,
            doors=[{"label": _(label), "current": key == door,
                    "href": url_for("LoginView.login", next=going_on, **{"as": key})} for key, label in DOORS.items()],
            providers=offered(door), register_url=url_for(sign_up) if sign_up and sign_up_open(door) else None,
        )

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        kept = session.get(sign_on.PROVIDER)
        self.appbuilder.sm.sign_out()
        flash(_("您已退出。"), "info")
        response = sign_on.leave(kept) or redirect(url_for("LoginView.login"))
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


class PasswordView(PageView):
    """修改密码: ends the account's other sessions."""

    route_base = "/account/password"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        form = PasswordForm()
        status = 200
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                stamp = self._change(form)
            if outcome.ok:
                account = self.appbuilder.sm.load_user(f"{current_actor().user_id}:{stamp}")
                self.appbuilder.sm.sign_in(account)
                flash(_("密码已修改，其他设备上的登录已失效。"), "success")
                return redirect(url_for("PasswordView.index"))
            status = outcome.status
        elif form.errors:
            status = 400
        return self.render("account/password.html", status=status, title=_("修改密码"), form=form)

    def _change(self, form: PasswordForm) -> str:
        if not self.appbuilder.sm.prove(int(current_actor().user_id or 0), form.current.data):
            raise Invalid(_("当前密码不正确。"), {"current": _("当前密码不正确，请重新输入。")})
        try:
            password = check_password(form.password.data or "", username=current_user.username)
        except Invalid as error:
            raise Invalid(error.message, {"password": error.message}) from error
        if check_password_hash(current_user.password or "", password):
            raise Invalid(_("新密码不能与当前密码相同。"), {"password": _("新密码不能与当前密码相同，请换一个。")})
        db.session.rollback()
        return security.change_password(
            account_id=int(current_actor().user_id or 0), password=password, actor=current_actor()
        )


def register(appbuilder: AppBuilder) -> None:
    """The login page itself is registered by the security manager."""
    appbuilder.add_view_no_menu(PasswordView)
