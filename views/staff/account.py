"""Accounts and roles, for administrators. Roles are code (app/roles.py), so they are only shown."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, redirect
from flask_appbuilder import AppBuilder, action
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.sqla.models import Role
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import SelectMultipleField
from wtforms.validators import InputRequired

from app.audit import Event, record_event
from app.errors import Invalid
from app.extensions import db
from app.security import change_password, end_sessions, hash_password
from app.transaction import current_session, transaction
from models.account import Account
from views.base import SafeModelView, current_actor
from views.base_fields import form_class

ROLE_LABELS = {
    "Applicant": "申报人", "Employer": "单位管理员", "CompetentDepartment": "主管部门", "HrDepartment": "人社部门",
    "Convener": "组建单位", "Agency": "人才服务中心", "Issuer": "发证机关", "Ops": "运维人员", "Admin": "平台管理员",
}
LABELS = {
    "username": _l("账号"), "last_name": _l("姓"), "first_name": _l("名"), "display_name": _l("姓名"), "email": _l("电子邮箱"),
    "active": _l("启用"), "organization": _l("代表单位"), "role_names": _l("角色"), "last_login": _l("最近登录"),
    "login_count": _l("登录次数"), "fail_login_count": _l("连续失败次数"), "locked_until": _l("锁定至"),
    "roles": _l("角色"),
}


class RoleField(SelectMultipleField):
    """The names of roles; writes the relationship."""

    def populate_obj(self, obj: Any, name: str) -> None:
        obj.roles = list(current_session().scalars(select(Role).where(Role.name.in_(self.data or []))))


class AccountView(SafeModelView):
    """Adding gives a one-time password; nothing here shows or sets a password that somebody chose."""

    datamodel = SQLAInterface(Account)
    noun = _l("账号")
    exclude_route_methods = {"download", "delete"}  # the trail names accounts: they are disabled, not deleted
    list_columns = ["username", "display_name", "organization", "active", "last_login", "locked_until"]
    show_columns = [
        "username", "display_name", "email", "organization", "role_names", "active", "last_login", "login_count",
        "fail_login_count", "locked_until",
    ]
    search_columns = ["username", "organization", "active"]
    named_by = "username"
    search_labels = {"username": _l("账号或姓名")}
    add_columns = ["username", "last_name", "first_name", "email", "organization", "active"]
    edit_columns = ["last_name", "first_name", "email", "organization", "active"]
    order_columns = ["username"]
    label_columns = LABELS
    formatters_columns = {
        "role_names": lambda names: "、".join(_(ROLE_LABELS.get(name, name)) for name in names),
    }

    def _init_forms(self) -> None:
        super()._init_forms()
        extra = {"role_names": RoleField(
            LABELS["role_names"], [InputRequired(_l("请至少选择一个角色。"))], choices=[(name, _l(label)) for name, label in ROLE_LABELS.items()]
        )}
        self.add_form = type("AccountForm", (form_class(self, self.add_columns),), extra)
        self.edit_form = type("AccountEditForm", (self.edit_form,), extra)
        self.add_columns = [*self.add_columns, "role_names"]
        self.edit_columns = [*self.edit_columns, "role_names"]

    def pre_add(self, item: Any) -> None:
        """A one-time password is shown once; the account is asked to change it."""
        password = secrets.token_urlsafe(9)
        item.password = hash_password(password)
        item.session_stamp = secrets.token_hex(16)
        item.must_change_password = True
        flash(_("账号 %(name)s 的初始密码：%(password)s（只显示这一次，请告知本人尽快修改）",
                name=item.username, password=password), "info")

    def pre_update(self, item: Any) -> None:
        if item.id == current_actor().user_id and (not item.active or "Admin" not in item.role_names):
            raise Invalid(_("不能停用自己的账号，也不能取消自己的管理员角色。"))
        if not item.active:
            end_sessions(current_session(), item.id)

    @action("unlock", _l("解除锁定"), _l("解除所选账号的登录锁定？"), multiple=True)
    def unlock(self, rows: Any) -> Any:
        """Forget failed attempts and locks."""
        rows = rows if isinstance(rows, list) else [rows]
        ids = [row.id for row in rows]
        with transaction() as session:
            for account_id in ids:
                account = session.get(Account, account_id)
                if account is not None and (account.locked_until or account.fail_login_count):
                    account.locked_until, account.fail_login_count = None, 0
                    record_event(session, event=Event.RECORD_CHANGED, subject_type="account", subject_id=account_id,
                                 actor=current_actor(), data={"action": "unlock"})
        flash(_("已解除锁定。"), "success")
        return redirect(self.get_redirect())

    @action("reset_password", _l("重置密码"), _l("为该账号生成新的初始密码？原密码和已登录的会话立即失效。"), multiple=False)
    def reset_password(self, row: Any) -> Any:
        """A new one-time password; the account's sessions end."""
        account_id, username = row.id, row.username
        password = secrets.token_urlsafe(9)
        db.session.rollback()
        change_password(account_id=account_id, password=password, actor=current_actor(), must_change=True)
        flash(_("账号 %(name)s 的新密码：%(password)s（只显示这一次）", name=username, password=password), "info")
        return redirect(self.get_redirect())


class RoleView(SafeModelView):
    datamodel = SQLAInterface(Role)
    noun = _l("角色")
    exclude_route_methods = {"download", "add", "edit", "delete"}
    list_columns = ["name"]
    show_columns = ["name", "permissions"]
    formatters_columns = {
        "name": lambda name: _(ROLE_LABELS.get(name, name)),
        "permissions": lambda rows: "、".join(sorted(str(row) for row in rows)),
    }
    label_columns = {"name": _l("角色"), "permissions": _l("权限")}


def register(appbuilder: AppBuilder) -> None:
    """The menu 系统管理."""
    appbuilder.add_view(AccountView, "账号", category="系统管理")
    appbuilder.add_view(RoleView, "角色", category="系统管理")
