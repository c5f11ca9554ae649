"""The configured providers of single sign-on: one client each, shared by the threads of the process."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, current_app
from flask_babel import gettext as _

from app.errors import NotFound
from app.oidc import Client, providers_of

_KEY = "zhicheng_sign_on"
CALLBACK = "/login/sso/{key}/callback"  # one address a provider: an answer cannot be taken for another provider's


def register(app: Flask) -> None:
    """Read OIDC_PROVIDERS; ConfigurationError stops the start. Nothing is asked of a provider before it is used."""
    allow_http = bool(app.config["DEMO"] or app.testing)
    app.extensions[_KEY] = {
        key: Client(provider) for key, provider in providers_of(app.config["OIDC_PROVIDERS"], allow_http=allow_http).items()
    }


def clients() -> dict[str, Client]:
    """By key."""
    return cast("dict[str, Client]", current_app.extensions[_KEY])


def callback_of(key: str) -> str:
    """The redirect address registered at a provider; under PUBLIC_URL, never under the Host header of a request."""
    return public(CALLBACK.format(key=key))


def public(path: str) -> str:
    """A path of this site as an address for others."""
    return str(current_app.config["PUBLIC_URL"]).rstrip("/") + path


def client(key: str) -> Client:
    """NotFound for a key that is not configured."""
    found = clients().get(key)
    if found is None:
        raise NotFound(_("没有这个登录方式，请回到登录页重新选择。"))
    return found


def offered(audience: str) -> list[dict[str, Any]]:
    """What the login page offers an audience: [{key, label, hint}]."""
    return [
        {"key": key, "label": found.provider.label, "hint": found.provider.hint}
        for key, found in clients().items() if found.provider.audience == audience
    ]


def sign_up_open(audience: str) -> bool:
    """Whether an audience (person, unit) may make an account with a password (PASSWORD_SIGN_UP)."""
    return audience in {part.strip() for part in str(current_app.config["PASSWORD_SIGN_UP"]).split(",")}


def require_sign_up(audience: str) -> None:
    """NotFound, with the way in, when the audience may only come by single sign-on."""
    if not sign_up_open(audience):
        raise NotFound(_("本平台不开放自行注册账号，请从登录页使用单点登录，首次登录后完善信息即可。"))
