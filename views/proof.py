"""Once more the password before what an unattended or stolen session must not do: mobile, e-mail, administrators, ways to sign in.

    @has_access
    @proof.needed
    def add(self): …                                    # every time

    if changes and (question := proof.asked()) is not None:
        return question                                 # in the middle of a view

What was sent is kept in the page that asks and is sent again with the password. Who signed in within the last minutes
(PROOF_LASTS) is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from app.queries.identity import identities_of
from app.transaction import current_session
from views.base import current_actor, wants_json
from views.forms.account import ProofForm
from views.sign_on_clients import clients

AGAIN = "proof_again"  # sent by the page that asks, without a password where there is none
STATUS = 401
_OURS = frozenset({"proof_password", AGAIN, "csrf_token"})


def needed(view: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint answers only who proved lately who they are; others are asked first."""
    @wraps(view)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        question = asked()
        return view(self, *args, **kwargs) if question is None else question

    return guarded


def asked() -> Any:
    """None when it is proved, by this request or lately; else the answer that asks for the proof."""
    manager = current_app.appbuilder.sm  # type: ignore[attr-defined]
    account_id, has_password, form = int(current_actor().user_id or 0), bool(current_user.password), ProofForm()
    if manager.is_proved():
        return None
    sentence = _("为确认是您本人操作，请输入登录密码。") if has_password else _("为确认是您本人操作，请用单点登录重新登录一次。")
    if wants_json():
        return {"message": sentence}, STATUS
    if AGAIN in request.form and has_password:
        if manager.prove(account_id, form.proof_password.data):
            return None
        form.proof_password.errors = [_(
            "密码不正确，请重新输入。连续输错 %(n)s 次后，需等待 %(m)s 分钟再试。",
            n=current_app.config["LOGIN_FAILURES_ALLOWED"], m=_minutes("LOGIN_LOCK"),
        )]
    elif AGAIN in request.form:
        flash(_("还没有完成验证。请先在单点登录的页面重新登录，再点“已验证，继续提交”。"), "warning")
    known = clients()
    return make_response(render_template(
        "account/proof.html", sentence=sentence, form=form, has_password=has_password, minutes=_minutes("PROOF_LASTS"),
        address=request.full_path.rstrip("?"), again=AGAIN,
        kept=[(name, value) for name, value in request.form.items(multi=True) if name not in _OURS],
        providers=[known[row.provider].provider for row in identities_of(current_session(), account_id) if row.provider in known],
    ), STATUS)


def _minutes(setting: str) -> int:
    return int(current_app.config[setting].total_seconds() // 60)
