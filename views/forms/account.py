"""Forms of signing in and of the password."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from app.rules.password import LONGEST


class LoginForm(FlaskForm):
    username = StringField(
        lazy_gettext("账号"), [InputRequired(lazy_gettext("请输入账号。")), Length(max=128)]
    )
    password = PasswordField(
        lazy_gettext("密码"), [InputRequired(lazy_gettext("请输入密码。")), Length(max=LONGEST)]
    )


class ProofForm(FlaskForm):
    proof_password = PasswordField(lazy_gettext("登录密码"), [InputRequired(lazy_gettext("请输入登录密码。")), Length(max=LONGEST)])


class PasswordForm(FlaskForm):
    current = PasswordField(lazy_gettext("当前密码"), [InputRequired(lazy_gettext("请输入当前密码。"))])
    password = PasswordField(
        lazy_gettext("新密码"), [InputRequired(lazy_gettext("请输入新密码。"))],
        description=lazy_gettext("至少 8 位，可以使用一句自己记得住的话。"),
    )
    again = PasswordField(
        lazy_gettext("再次输入新密码"), [EqualTo("password", lazy_gettext("两次输入的新密码不一致，请重新输入。"))]
    )
