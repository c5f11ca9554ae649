"""What happens around every request: who acts and which rows they may know of; security headers at the end."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from app.scope import DENY, restore_scope, scope_of, set_scope
from views import gate
from views.base import current_actor, wants_json

CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "font-src 'self'",
    "connect-src 'self'", "frame-src 'self'", "form-action 'self'", "frame-ancestors 'self'", "base-uri 'none'",
    "object-src 'none'",
))
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
HSTS = "max-age=31536000; includeSubDomains"


def register_before(app: Flask) -> None:
    """First of all hooks: the scope stands before anything can query."""
    proxies = int(app.config.get("TRUSTED_PROXIES", 0))
    if proxies:  # X-Forwarded-* of that many proxies in front; otherwise such headers are ignored
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.teardown_request(_end)


def register_after(app: Flask) -> None:
    """After FAB's hooks: visitors are sent to the login page; headers are set last."""
    app.before_request(_ask_to_sign_in)
    app.before_request(_refuse_nul)
    gate.register(app)
    app.after_request(_headers)
    app.url_defaults(_static_version)
    app.jinja_env.globals["asset"] = asset


def _begin() -> None:
    g.scope_token = set_scope(DENY)
    if not _is_static():
        set_scope(scope_of(current_actor()))


def _end(error: BaseException | None) -> None:
    token = g.pop("scope_token", None)
    if token is not None:
        restore_scope(token)


def _ask_to_sign_in() -> Any:
    """A visitor on a page that needs a permission is asked to sign in, and comes back to it afterwards."""
    view = current_app.view_functions.get(request.endpoint or "")
    permission = getattr(view, "_permission_name", None)
    if permission is None or current_user.is_authenticated:
        return None
    owner = getattr(view, "__self__", None)
    name = getattr(owner, "class_permission_name", "")
    if current_app.appbuilder.sm.has_access(f"can_{permission}", name):  # type: ignore[attr-defined]
        return None
    if wants_json():
        return {"message": _("登录已失效，请重新登录。")}, 401
    flash(_("请先登录。"), "info")
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("LoginView.login", next=here))


def _refuse_nul() -> None:
    """No text of ours holds a NUL, PostgreSQL refuses it as an error of its own, and file names end at it."""
    for values in (request.args, request.form):
        if any("\x00" in part for item in values.items(multi=True) for part in item):
            abort(400)
    if "\x00" in request.path:
        abort(404)


def _is_static() -> bool:
    return request.endpoint is None or request.endpoint.rpartition(".")[2] == "static"


def asset(filename: str) -> str:
    """The address of a static file; found once a process, anew on each request while developing."""
    if current_app.debug:
        return url_for("static", filename=filename)
    known: dict[tuple[str, str], str] = current_app.extensions.setdefault("zhicheng_assets", {})
    key = (request.script_root, filename)
    if key not in known:
        known[key] = url_for("static", filename=filename)
    return known[key]


def _static_version(endpoint: str, values: dict[str, Any]) -> None:
    """Addresses of static files change with their content, so that browsers may keep them for good."""
    if endpoint == "static" and "filename" in values:
        path = Path(current_app.static_folder or "") / values["filename"]
        try:
            values["v"] = _digest(path, path.stat().st_mtime_ns)
        except OSError:
            return


@lru_cache(maxsize=1024)
def _digest(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if _is_static():
        if response.status_code in (200, 304) and request.endpoint == "static":
            kept = "max-age=31536000, immutable" if "v" in request.args else "max-age=300"
            response.headers["Cache-Control"] = f"public, {kept}"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store" if current_user.is_authenticated else "no-cache"
    return response
