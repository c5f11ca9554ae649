"""Single sign-on by OpenID Connect: to the provider, back from it, and the proof of an account that exists already."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for
from flask_appbuilder import AppBuilder, expose
from flask_babel import gettext as _
from flask_login import current_user

from app.errors import DomainError, Invalid, NotAllowed
from app.extensions import limiter
from app.oidc import Client, Identity, SignOnError
from app.services import sign_on
from app.transaction import current_session
from models.account import Account
from views import proof
from views.addresses import safe_next
from views.base import PageView, current_actor
from views.forms.account import LoginForm
from views.sign_on_clients import callback_of, client, clients, public

log = logging.getLogger("zhicheng.refusals")
BROWSER, PROVING, PROVIDER = "sign_on_browser", "sign_on_proving", "sign_on"  # keys of the session
ANEW = "sign_on_anew"  # the session's key: digest of the attempt that is to prove who is signed in
CANCELLED = frozenset({"access_denied", "login_required", "interaction_required", "consent_required"})


def sentence(code: str, label: str) -> str:
    """What a provider's error, or ours about its answer, means for the user. Nothing the provider wrote is shown."""
    if code in CANCELLED:
        return _("您在“%(name)s”取消了登录，或没有同意提供信息。", name=label)
    if code in {"unavailable", "temporarily_unavailable", "server_error"}:
        return _("“%(name)s”暂时不能使用，请稍后再试，或改用其他登录方式。", name=label)
    if code == "no_time":
        return _("“%(name)s”没有说明登录时间，不能用来验证身份。请联系平台客服。", name=label)
    if code == "misconfigured":
        return _("“%(name)s”的登录配置有误，请联系平台客服。", name=label)
    return _("“%(name)s”返回的登录信息未通过安全校验，没有登录。请重新登录；多次出现请联系平台客服。", name=label)


def onward(address: str, text: str) -> Any:
    """A page that leads to another site. A redirect would be refused: the policy lets forms go to this site only."""
    page = make_response(render_template("account/onward.html", address=address, text=text))
    page.headers["Refresh"] = f"0; url={address}"
    page.headers["Cache-Control"] = "no-store"
    return page


class SignOnView(PageView):
    """`/login/sso/…`: visitors, and accounts that want an identity linked."""

    route_base = "/login"
    default_view = "start"

    @expose("/sso/<string:key>/", methods=["POST"])
    @limiter.limit("30 per minute")
    def start(self, key: str) -> Any:
        """前往: a new attempt of this browser, then the provider's page. Who is signed in links it, or proves to be there (`anew`)."""
        found = client(key)
        anew = current_user.is_authenticated and request.form.get("anew") == "1"
        if current_user.is_authenticated and not anew and (question := proof.asked()) is not None:
            return question
        browser = session.get(BROWSER) or secrets.token_urlsafe(32)
        session[BROWSER] = browser
        linking = current_actor().user_id if current_user.is_authenticated else None
        try:
            begun = sign_on.begin(
                provider=found.provider, browser=browser, account_id=linking,
                next_path=url_for("SecurityView.index") if linking else safe_next(request.form.get("next")),
            )
            address = found.authorization_url(
                redirect_uri=callback_of(key), state=begun.state, nonce=begun.nonce, verifier=begun.verifier, anew=anew
            )
            session[ANEW] = sign_on.digest(begun.state) if anew else ""
        except SignOnError as error:
            return self._refused(found, error)
        return onward(address, _("正在前往“%(name)s”登录…", name=found.provider.label))

    @expose("/sso/<string:key>/callback")
    @limiter.limit("60 per minute")
    def callback(self, key: str) -> Any:
        """Back from the provider. Whatever is wrong ends here with a page; nothing is tried twice."""
        found = client(key)
        try:
            attempt = sign_on.take(
                provider=found.provider, state=request.args.get("state", ""), browser=session.get(BROWSER, "")
            )
            found.check_issuer(request.args.get("iss"))
            if "error" in request.args:
                raise SignOnError(request.args["error"][:60], request.args.get("error_description", "")[:200])
            identity = found.identity(
                redirect_uri=callback_of(key), code=request.args.get("code", ""), nonce=attempt.nonce, verifier=attempt.verifier
            )
            if attempt.account_id is not None:
                anew = session.pop(ANEW, "") == sign_on.digest(request.args.get("state", ""))
                return (self._prove_anew if anew else self._attach)(found, identity, attempt)
            entered = sign_on.enter(
                provider=found.provider, found=identity, attempt=attempt, actor=current_actor()
            )
        except (SignOnError, DomainError) as error:
            return self._refused(found, error)
        if entered.account_id is None:
            session[PROVING] = attempt.id
            return redirect(url_for("SignOnView.prove"))
        first = url_for("RegistrationView.fill") if entered.is_new and found.provider.audience == "person" else None
        return self._admit(found, identity, entered.account_id, first or attempt.next_path)

    def _attach(self, found: Client, identity: Identity, attempt: sign_on.Taken) -> Any:
        if not current_user.is_authenticated or current_actor().user_id != attempt.account_id:
            raise Invalid(_("登录状态已变化，没有关联。请重新登录后再试。"))
        sign_on.attach(
            provider=found.provider, found=identity, account_id=attempt.account_id, actor=current_actor()
        )
        return redirect(attempt.next_path)

    def _prove_anew(self, found: Client, identity: Identity, attempt: sign_on.Taken) -> Any:
        """As old as the sign-in at the provider: a session that was open there proves nothing."""
        if not current_user.is_authenticated or current_actor().user_id != attempt.account_id or not sign_on.is_linked(
            current_session(), found=identity, account_id=attempt.account_id
        ):
            raise NotAllowed(_("这不是本账号关联的单点登录身份，不能用来验证。"))
        if identity.signed_in_at is None:
            raise SignOnError("no_time")
        self.appbuilder.sm.prove_by_sign_on(attempt.account_id, via=f"oidc:{found.provider.key}", at=identity.signed_in_at)
        return self.render("account/proved.html", proved=self.appbuilder.sm.is_proved())

    def _admit(self, found: Client, identity: Identity, account_id: int, target: str) -> Any:
        account: Account | None = self.appbuilder.sm.admit(account_id, via=f"oidc:{found.provider.key}")
        if account is None:
            return self._refused(found, Invalid(_("该账号已停用，不能登录。请联系平台客服。")))
        self.appbuilder.sm.sign_in(account)
        session[PROVIDER] = {"key": found.provider.key, "hint": identity.hint}
        return redirect(safe_next(target))

    @expose("/link/", methods=["GET", "POST"])
    @limiter.limit("30 per minute", methods=["POST"])
    def prove(self) -> Any:
        """关联已有账号: an account of the same person or unit exists; its password says that it is theirs."""
        browser, attempt_id = session.get(BROWSER, ""), int(session.get(PROVING, 0))
        try:
            key, values, next_path = sign_on.waiting(current_session(), attempt_id=attempt_id, browser=browser)
        except DomainError as error:
            return self._refused(None, error)
        found, form, status = client(key), LoginForm(), 200
        if form.validate_on_submit():
            account = self.appbuilder.sm.auth_user_db((form.username.data or "").strip(), form.password.data)
            if account is not None:
                with self.attempt(form) as outcome:
                    identity = sign_on.prove(
                        provider=found.provider, attempt_id=attempt_id, browser=browser, account_id=account.id,
                        actor=current_actor(),
                    )
                if outcome.ok:
                    return self._admit(found, identity, account.id, next_path)
                status = outcome.status
            else:
                form.password.errors = [_("账号或密码不正确。")]
                status = 401
        elif form.errors:
            status = 400
        return self.render("account/link.html", status=status, form=form, provider=found.provider, values=values)

    def _refused(self, found: Client | None, error: SignOnError | DomainError) -> Any:
        """Say why, and the way back to the login page; the details go to the log only."""
        key = found.provider.key if found else "-"
        log.warning("sign-on by %s refused: %s, from %s", key, _one_line(error), request.remote_addr)
        if isinstance(error, DomainError):
            text, status = _(error.message), error.status if error.status != 422 else 400
        else:
            label = found.provider.label if found else ""
            text, status = sentence(error.code, label), 503 if error.code == "unavailable" else 400
        audience = found.provider.audience if found else "person"
        return self.render(
            "account/refused.html", status=status, text=text, audience=audience,
            label=found.provider.label if found else "",
        )


def _one_line(error: Exception) -> str:
    return "".join(character if character.isprintable() else "?" for character in str(error))[:300]


def leave(kept: dict[str, str] | None) -> Any:
    """After signing out here: the page that leads to the provider's own sign-out; None when there is none."""
    found = clients().get((kept or {}).get("key", ""))
    if found is None:
        return None
    address = found.end_session_url(hint=(kept or {}).get("hint", ""), back=public(url_for("LoginView.login")))
    text = _("您已退出本系统，正在退出“%(name)s”…", name=found.provider.label)
    return onward(address, text) if address else None


def register(appbuilder: AppBuilder) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(SignOnView)
