"""What an account must do before anything else: choose a password of its own, file its unit's 单位注册."""

from __future__ import annotations

from typing import Any

from flask import Flask, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from views.base import current_actor, wants_json

PASSWORD, REGISTRATION = "PasswordView.index", "OrganizationRegistrationView.fill"
_ALWAYS = frozenset({"static", "LoginView.logout", "LanguageView.index"})


def register(app: Flask) -> None:
    """Ask before every request of a signed-in account; nothing is read that the request has not read anyway."""
    app.before_request(_lead)


def _lead() -> Any:
    if request.endpoint is None or request.endpoint in _ALWAYS or not current_user.is_authenticated:
        return None
    current_actor()  # reads, once a request, whether the organization is registered
    if current_user.must_change_password:
        target, sentence = PASSWORD, _("当前密码是他人为您设置的初始密码，请先修改密码，再继续使用。")
    elif g.get("organization_unregistered"):
        target, sentence = REGISTRATION, _("首次登录请先完成单位注册，提交后即可使用本系统。")
    else:
        return None
    if request.endpoint == target:
        return None
    if wants_json():
        return {"message": sentence}, 403
    flash(sentence, "warning")
    return redirect(url_for(target))
